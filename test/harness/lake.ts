import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type CallPath, type CallResult, callTool } from "../../src/core/call.ts";
import { localPrincipal, type Principal } from "../../src/core/principal.ts";
import { createRegistry } from "../../src/core/registry.ts";
import { allowWrites, unguarded } from "../../src/core/steps.ts";
import { createLake, type LakeOptions } from "../../src/lake/create-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import type { LakeSettings } from "../../src/lake/settings.ts";
import { lakeToolset } from "../../src/toolsets/lake/index.ts";
import { lakeSettings, loopbackS3 } from "./lake-settings.ts";
import { type S3Server, s3Credentials, startS3Server } from "./s3-server.ts";

/** A real lake: S3 on loopback with bucket `lake`, a local root, query workers, a cache; all gone after `stop`. */
export interface TestLake {
  lake: Lake;
  server: S3Server;
  /** Absolute path of the local root. */
  root: string;
  settings: LakeSettings;
  calls: CallPath;
  /** Puts an object into bucket `lake` and answers with its uri. */
  put(key: string, body: Uint8Array | string): Promise<string>;
  /** Writes a file below the root and answers with its path. */
  write(name: string, body: Uint8Array | string): Promise<string>;
  /** Calls a tool the way every adapter does. */
  call(name: string, args?: Record<string, unknown>, principal?: Principal): Promise<CallResult>;
  /** The output of a call that must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into outputs of every shape
  output(name: string, args?: Record<string, unknown>): Promise<any>;
  /** Code and message of a call that must fail. */
  fault(name: string, args?: Record<string, unknown>): Promise<{ code: string; message: string }>;
  stop(): Promise<void>;
}

export interface TestLakeOptions {
  settings?: Partial<LakeSettings>;
  maxBytes?: number;
  maxRows?: number;
  timeoutMs?: number;
  /** Waits between looks at a query of Athena. */
  athenaTimes?: LakeOptions["athenaTimes"];
  /** Let tools change things. Default: no, as servers do. */
  allowWrites?: boolean;
}

export async function startTestLake(options: TestLakeOptions = {}): Promise<TestLake> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-lake-")));
  const root = join(folder, "root");
  await mkdir(root);
  const server = await startS3Server(["lake"]);
  const settings = { ...testSettings(folder, root, server.endpoint), ...options.settings };
  const lake = createLake(settings, { athenaTimes: options.athenaTimes });
  const calls: CallPath = {
    registry: createRegistry([lakeToolset]),
    steps: options.allowWrites ? { ...unguarded, confirmer: allowWrites } : unguarded,
    services: { lake },
    bounds: { maxBytes: options.maxBytes ?? 256 * 1024, maxRows: options.maxRows ?? 10_000 },
    timeoutMs: options.timeoutMs ?? 60_000,
    now: () => Date.now(),
    newId: () => "test-call",
  };
  const call = (name: string, args: Record<string, unknown> = {}, principal = localPrincipal) =>
    callTool(calls, { name, arguments: args, principal });
  return {
    lake,
    server,
    root,
    settings,
    calls,
    call,
    async put(key, body) {
      await server.put("lake", key, body);
      return `s3://lake/${key}`;
    },
    async write(name, body) {
      const path = join(root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, body);
      return path;
    },
    async output(name, args) {
      const result = await call(name, args);
      if (result.kind === "completed") return result.output;
      if (result.kind === "failed" && result.fault.code === "internal") throw result.thrown;
      throw new Error(
        `${name} did not complete: ${JSON.stringify("fault" in result ? result.fault : result)}`,
      );
    },
    async fault(name, args) {
      const result = await call(name, args);
      if (result.kind !== "failed")
        throw new Error(
          `${name} did not fail: ${JSON.stringify("output" in result ? result.output : result)}`,
        );
      if (result.fault.code === "internal") throw result.thrown;
      return { code: result.fault.code, message: result.fault.message };
    },
    async stop() {
      await lake.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function testSettings(folder: string, root: string, endpoint: string): LakeSettings {
  return lakeSettings({
    buckets: [{ bucket: "lake", prefix: "" }],
    localRoots: [{ name: "root", path: root }],
    s3: { ...loopbackS3(endpoint), credentials: s3Credentials },
    cache: { dir: join(folder, "cache"), maxBytes: 1024 ** 3 },
    maxDecompressedBytes: 256 * 1024 ** 2,
    query: {
      timeoutMs: 60_000,
      memoryBytes: 256 * 1024 ** 2,
      threads: 1,
      workers: 1,
      tempBytes: 1024 ** 3,
      maxScanBytes: 1024 ** 3,
      maxResultBytes: 256 * 1024 ** 2,
    },
    summarize: { maxInputBytes: 1024 ** 2 },
  });
}
