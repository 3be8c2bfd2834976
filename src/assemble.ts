import { randomBytes, randomUUID } from "node:crypto";
import type { Settings } from "./config/schema.ts";
import type { CallPath } from "./core/call.ts";
import { confirmWrites } from "./core/confirm-writes.ts";
import { createMemoryOnceStore } from "./core/once-store.ts";
import { createRegistry, type Registry } from "./core/registry.ts";
import { allowWrites, type Confirmer, refuseWrites, unguarded } from "./core/steps.ts";
import { createLake } from "./lake/create-lake.ts";
import type { Lake } from "./lake/lake.ts";
import type { LakeSettings, S3Settings } from "./lake/settings.ts";
import { offeredToolsets } from "./offered-tools.ts";
import { type Breakers, createBreakers } from "./resilience/breakers.ts";
import { createBreakerLog } from "./telemetry/breaker-log.ts";
import { createCallLog } from "./telemetry/call-log.ts";
import type { Log } from "./telemetry/log.ts";
import { lakeToolset } from "./toolsets/lake/index.ts";

export interface AssembleOptions {
  settings: Settings;
  log: Log;
  /** Of a simulated S3. Left out: the AWS SDK's own chain finds them. */
  s3Credentials?: S3Settings["credentials"];
  /** Starts the query workers after this time rather than with the first call. */
  prewarmAfterMs?: number | undefined;
  /** Milliseconds since the epoch. Default: the clock. */
  now?: () => number;
  /** Never the same twice, as it names files too. Default: random UUIDs. */
  newId?: () => string;
}

/** Everything a process runs on. Built once; adapters and commands are handed what they need of it. */
export interface Deps {
  settings: Settings;
  log: Log;
  lake: Lake;
  /** What services are cut off by while they fail. */
  breakers: Breakers;
  calls: CallPath;
  /** Stops query workers and removes what they kept. */
  close(): Promise<void>;
}

/** The tools a configuration offers. Throws `ConfigError` for toolsets and tools that do not exist. */
export function offeredRegistry(settings: Settings): Registry {
  return createRegistry(offeredToolsets([lakeToolset], settings));
}

/** Builds the dependencies from settings. */
export function assemble(options: AssembleOptions): Deps {
  const { settings, log, s3Credentials, prewarmAfterMs, now = Date.now, newId = randomUUID } = options;
  const registry = offeredRegistry(settings);
  const breakers = createBreakers({ settings: settings.breaker, now, changed: createBreakerLog(log) });
  const lake = createLake(lakeSettings(settings, s3Credentials), {
    prewarmAfterMs,
    now,
    newId,
    guard: breakers,
  });
  return {
    settings,
    log,
    lake,
    breakers,
    calls: {
      registry,
      steps: {
        ...unguarded,
        confirmer: confirmerFor(settings.writes, now),
        observer: createCallLog(log),
      },
      services: { lake },
      bounds: settings.results,
      timeoutMs: settings.calls.timeoutMs,
      now,
      newId,
    },
    close: () => lake.close(),
  };
}

/** Confirmations are good in the process that asked for them: their key and which were used are known to no other. */
function confirmerFor(writes: Settings["writes"], now: () => number): Confirmer {
  switch (writes) {
    case "off":
      return refuseWrites;
    case "allow":
      return allowWrites;
    case "confirm":
      return confirmWrites({ key: randomBytes(32).toString("hex"), once: createMemoryOnceStore(now), now });
  }
}

function lakeSettings({ lake, summarize }: Settings, credentials: S3Settings["credentials"]): LakeSettings {
  const { region, endpoint, forcePathStyle } = lake.s3;
  const { encryption: method, kmsKeyId, ...exports } = lake.exports;
  return {
    ...lake,
    databricks: databricksSettings(lake.databricks),
    athena: athenaSettings(lake.athena),
    summarize,
    s3: { region, endpoint, forcePathStyle, credentials },
    exports: { ...exports, encryption: { method, kmsKeyId } },
  };
}

/** None without a workgroup. */
function athenaSettings({ workgroup, ...athena }: Settings["lake"]["athena"]): LakeSettings["athena"] {
  if (workgroup === undefined) return undefined;
  const { outputLocation, region, endpoint } = athena;
  return { ...athena, workgroup, outputLocation, region, endpoint };
}

/** None without a host. The schema holds that a host has credentials. */
function databricksSettings(settings: Settings["lake"]["databricks"]): LakeSettings["databricks"] {
  const { host, token, clientId = "", clientSecret = "", warehouseId, allow, maxResultBytes } = settings;
  if (host === undefined) return undefined;
  const credentials =
    token === undefined
      ? ({ kind: "m2m", clientId, clientSecret } as const)
      : ({ kind: "token", token } as const);
  return { host, credentials, warehouseId, allow, maxResultBytes };
}
