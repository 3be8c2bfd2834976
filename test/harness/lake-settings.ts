import { tmpdir } from "node:os";
import type { LakeScope } from "../../src/lake/scope.ts";
import type { LakeSettings } from "../../src/lake/settings.ts";

/** Settings of a lake with nothing in it, for tests to change. */
export function lakeSettings(changes: Partial<LakeSettings> = {}): LakeSettings {
  return {
    buckets: [],
    localRoots: [],
    allowHardLinks: false,
    s3: { region: "eu-west-1", endpoint: undefined, forcePathStyle: true },
    cache: { dir: `${tmpdir()}/sluice-no-cache-set`, maxBytes: 100_000_000 },
    maxDecompressedBytes: 100_000_000,
    query: {
      timeoutMs: 20_000,
      memoryBytes: 512 * 1024 * 1024,
      threads: 1,
      workers: 1,
      tempBytes: 200_000_000,
      maxScanBytes: 1_000_000_000,
      maxResultBytes: 100_000_000,
    },
    summarize: { maxInputBytes: 1_000_000 },
    athenaUsdPerTib: 5,
    exports: {
      buckets: [],
      expiresMs: 3_600_000,
      maxExpiresMs: 43_200_000,
      maxBytes: 1024 ** 3,
      encryption: { method: "bucket" },
    },
    ...changes,
  };
}

/** S3 settings for a server on loopback. */
export function loopbackS3(endpoint: string): LakeSettings["s3"] {
  return { region: "eu-west-1", endpoint, forcePathStyle: true };
}

/** On behalf of the tenant `acme`, never stopped. */
export function lakeScope(changes: Partial<LakeScope> = {}): LakeScope {
  return {
    tenantId: "acme",
    principalId: "ann",
    signal: new AbortController().signal,
    progress: () => {},
    ...changes,
  };
}
