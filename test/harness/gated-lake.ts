import { setMaxListeners } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLake } from "../../src/lake/create-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import type { LakeScope } from "../../src/lake/scope.ts";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";
import { lakeSettings } from "./lake-settings.ts";
import { type S3Server, s3Credentials, startS3Server } from "./s3-server.ts";

/** What to do with the request numbered `index`, from 0, of a call, before the server sees it. */
export type Gate = (
  request: IncomingMessage,
  index: number,
) => Promise<Fault | undefined> | Fault | undefined;

/** A lake whose requests for bucket `lake` pass through a gate. */
export interface GatedLake {
  lake: Lake;
  /** The server behind the gate. */
  server: S3Server;
  /** Runs `work` with an empty cache behind `gate`; answers with how many requests came. */
  behind<T>(gate: Gate, work: (scope: LakeScope) => Promise<T>): Promise<{ value: T; requests: number }>;
  stop(): Promise<void>;
}

export async function startGatedLake(): Promise<GatedLake> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "sluice-gated-")));
  const server = await startS3Server(["lake"]);
  let gate: Gate = () => undefined;
  let requests = 0;
  let calls = 0;
  const proxy = await startFaultProxy(server.endpoint, (request) => gate(request, requests++));
  const lake = createLake(
    lakeSettings({
      buckets: [{ bucket: "lake", prefix: "" }],
      s3: { region: "eu-west-1", endpoint: proxy.endpoint, forcePathStyle: true, credentials: s3Credentials },
      cache: { dir, maxBytes: 200_000_000 },
    }),
  );
  return {
    lake,
    server,
    async behind(given, work) {
      gate = given;
      requests = 0;
      const { signal } = new AbortController();
      setMaxListeners(0, signal);
      const scope = { tenantId: `call-${calls++}`, principalId: "ann", signal, progress: () => {} };
      try {
        return { value: await work(scope), requests };
      } finally {
        gate = () => undefined;
      }
    },
    async stop() {
      await lake.close();
      await proxy.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
