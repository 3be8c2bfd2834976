import { setMaxListeners } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLake } from "../../src/lake/create-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import type { LakeScope } from "../../src/lake/scope.ts";
import { lakeSettings } from "../harness/lake-settings.ts";
import { type S3Server, s3Credentials, startS3Server } from "../harness/s3-server.ts";
import type { Corpus } from "./corpus/dataset.ts";
import { type Oracle, startOracle } from "./oracle.ts";
import type { FuzzTable } from "./schema.ts";

/** A lake over the corpus of one seed, and the oracle that has the same files whole. */
export interface FuzzLake {
  lake: Lake;
  server: S3Server;
  oracle: Oracle;
  tables: FuzzTable[];
  /** Nothing that another tenant's calls brought is there for this one's. */
  scopeOf(tenantId: string): LakeScope;
  stop(): Promise<void>;
}

export interface FuzzLakeOptions {
  seed: number;
  /** Folder with the golden files; left out where it is not there. */
  golden: string;
  workers: number;
}

const gigabyte = 1024 ** 3;

/** Writes the corpus, serves it by S3, opens the lake and the oracle. */
export async function openFuzzLake({ seed, golden, workers }: FuzzLakeOptions): Promise<FuzzLake> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-fuzz-")));
  await mkdir(join(folder, "root"));
  const oracle = await startOracle({ place: join(folder, "corpus"), seed, golden });
  const server = await startS3Server(["lake"]);
  await upload(server, oracle.corpus);
  const base = lakeSettings();
  const lake = createLake({
    ...base,
    buckets: [{ bucket: "lake", prefix: "" }],
    s3: { region: "eu-west-1", endpoint: server.endpoint, forcePathStyle: true, credentials: s3Credentials },
    cache: { dir: join(folder, "cache"), maxBytes: gigabyte / 4 },
    query: {
      ...base.query,
      workers,
      timeoutMs: 60_000,
      memoryBytes: gigabyte,
      maxScanBytes: 8 * gigabyte,
      maxResultBytes: gigabyte,
    },
  });
  return {
    lake,
    server,
    oracle,
    tables: oracle.tables,
    scopeOf(tenantId) {
      const signal = AbortSignal.timeout(120_000);
      setMaxListeners(0, signal);
      return { tenantId, principalId: "fuzz", signal, progress: () => {} };
    },
    async stop() {
      oracle.stop();
      await lake.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function upload(server: S3Server, { datasets }: Corpus): Promise<void> {
  for (const { files } of datasets) {
    for (const { path, key } of files) await server.put("lake", key, await readFile(path));
  }
  server.requests.length = 0;
}
