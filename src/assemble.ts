import { randomUUID } from "node:crypto";
import { type Audit, type AuditOptions, createAudit } from "./audit/create-audit.ts";
import { createTableAudit } from "./audit/table/create-table-audit.ts";
import { anchorSettingsOf, auditSettingsOf, auditTableOf } from "./audit-settings.ts";
import { callPolicy } from "./call-policy.ts";
import type { Settings } from "./config/schema.ts";
import type { CallPath } from "./core/call.ts";
import { createRegistry, type Registry } from "./core/registry.ts";
import { unguarded } from "./core/steps.ts";
import { createLake, type WholeLake } from "./lake/create-lake.ts";
import type { Lake } from "./lake/lake.ts";
import type { LakeSettings, S3Settings } from "./lake/settings.ts";
import { limiterSettings, limitsOfSome, noneSet, type SetLimits, stateSettings } from "./limit-settings.ts";
import { type CountingLimiter, createLimiter } from "./limits/create-limiter.ts";
import { offeredToolsets } from "./offered-tools.ts";
import { openConfirmer } from "./open-confirmer.ts";
import { logPolicy, openAccess } from "./open-policy.ts";
import type { Access } from "./policy/access.ts";
import { type Breakers, createBreakers } from "./resilience/breakers.ts";
import { openStateStore } from "./state/open-store.ts";
import type { StateStore } from "./state/store.ts";
import { createBreakerLog } from "./telemetry/breaker-log.ts";
import { createCallLog } from "./telemetry/call-log.ts";
import { duringCalls } from "./telemetry/during-calls.ts";
import type { Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics/create-metrics.ts";
import { observeAll } from "./telemetry/observe-all.ts";
import type { Tracing } from "./telemetry/tracing/create-tracing.ts";
import { openTenantSettings } from "./tenant-settings.ts";
import { lakeToolset } from "./toolsets/lake/index.ts";
import { version } from "./version.ts";

export interface AssembleOptions {
  settings: Settings;
  /** Files that they and their secrets were read from, which no caller reads. Absolute. Default: none. */
  settingsFiles?: readonly string[] | undefined;
  log: Log;
  /** Of a simulated S3. Left out: the AWS SDK's own chain finds them. */
  s3Credentials?: S3Settings["credentials"];
  /** Which limits hold for the local user too. Default: none, as nobody set one. */
  setLimits?: SetLimits | undefined;
  /** Starts the query workers after this time rather than with the first call. */
  prewarmAfterMs?: number | undefined;
  /** How this process takes part in the audit. Default: it records its calls, and relays them. */
  audit?: Partial<Pick<AuditOptions, "isServer" | "out">> | undefined;
  /** Counts what happens. Default: nothing does. */
  metrics?: Metrics | undefined;
  /** Makes spans of calls. Default: nothing does. */
  tracing?: Tracing | undefined;
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
  /** The policy in force, where the settings name one. */
  access?: Access;
  state: StateStore;
  calls: CallPath;
  /** None where neither a journal nor a table is set up. */
  audit?: Audit;
  metrics?: Metrics;
  tracing?: Tracing;
  /** Stops query workers, removes what they kept, leaves the state store, and then ends the audit. */
  close(): Promise<void>;
}

const available = [lakeToolset];

/** The tools a configuration offers. Throws `ConfigError` for toolsets and tools that do not exist. */
export function offeredRegistry(settings: Settings): Registry {
  limitsOfSome(available, settings);
  return createRegistry(offeredToolsets(available, settings));
}

/** Builds the dependencies from settings. */
export function assemble(options: AssembleOptions): Deps {
  const { settings, log, s3Credentials, prewarmAfterMs, now = Date.now, newId = randomUUID } = options;
  const { metrics, tracing, setLimits = noneSet } = options;
  const registry = offeredRegistry(settings);
  const logOfCalls = duringCalls(log);
  const breakers = openBreakers({ ...options, log: logOfCalls });
  const settingsOfLake = lakeSettings(settings, s3Credentials, options.settingsFiles);
  const access = openAccess(settings, settingsOfLake);
  if (access) logPolicy(access, log);
  const lake = createLake(settingsOfLake, { prewarmAfterMs, now, newId, guard: breakers });
  const state = openStateStore(stateSettings(settings.state), { now, guard: breakers });
  const audit = openAudit(options, { now, newId });
  const limiter = createLimiter(limiterSettings(available, settings, setLimits), { store: state, now });
  const callLog = createCallLog(log, { now });
  const watching = { ...(metrics && { metrics }), ...(tracing && { tracing }) };
  const optional = { ...(access && { access }), ...(audit && { audit }), ...watching };
  watch(metrics, { limiter, breakers, lake, audit });
  return {
    ...{ settings, log: logOfCalls, lake, breakers, state, ...optional },
    calls: {
      registry,
      steps: {
        policy: callPolicy(access, lake, settingsOfLake.tenants),
        limiter,
        confirmer: openConfirmer(settings, state, now),
        auditor: audit?.auditor ?? unguarded.auditor,
        observer: observeAll([callLog, metrics?.observer, tracing?.observer].flatMap((one) => one ?? [])),
      },
      services: { lake },
      bounds: settings.results,
      timeoutMs: settings.calls.timeoutMs,
      now,
      newId,
    },
    async close() {
      access?.close();
      try {
        await Promise.all([lake.close(), state.close()]);
      } finally {
        callLog.close();
        await Promise.all([audit?.close(), tracing?.close()]);
      }
    },
  };
}

interface Watched {
  limiter: CountingLimiter;
  breakers: Breakers;
  lake: WholeLake;
  audit: Audit | undefined;
}

function watch(metrics: Metrics | undefined, { limiter, breakers, lake, audit }: Watched): void {
  metrics?.watch({
    places: limiter.use,
    breakers: breakers.reports,
    cache: lake.cacheUsage,
    ...(audit && { audit }),
  });
}

function openBreakers({ settings, log, metrics, now }: AssembleOptions): Breakers {
  const logChange = createBreakerLog(log);
  const changed: typeof logChange = (target, state) => {
    logChange(target, state);
    metrics?.breakerChanged(target, state);
  };
  return createBreakers({ settings: settings.breaker, now: now ?? (() => performance.now()), changed });
}

function openAudit(
  { settings, log, audit }: AssembleOptions,
  given: Pick<AuditOptions, "now" | "newId">,
): Audit | undefined {
  const table = auditTableOf(settings);
  const out = settings.audit.sinks.includes("stdout") ? audit?.out : undefined;
  if (table) {
    const relayed = settings.audit.sinks.filter((sink) => sink !== "stdout");
    if (relayed.length > 0)
      log.info("audit sinks get records by sluice audit relay alone", { sinks: relayed });
    return createTableAudit({ settings: table, log, out, ...given });
  }
  const auditSettings = auditSettingsOf(settings);
  if (!auditSettings) return undefined;
  return createAudit({
    settings: auditSettings,
    log,
    version,
    isServer: audit?.isServer ?? false,
    out,
    ...given,
  });
}

/** The lake's own settings. */
export function lakeSettings(
  settings: Settings,
  credentials?: S3Settings["credentials"],
  settingsFiles: readonly string[] = [],
): LakeSettings {
  const { lake, summarize, tenants } = settings;
  const { region, endpoint, forcePathStyle } = lake.s3;
  const { encryption: method, kmsKeyId, ...exports } = lake.exports;
  return {
    ...lake,
    databricks: databricksSettings(lake.databricks),
    athena: athenaSettings(lake.athena),
    athenaUsdPerTib: lake.athena.usdPerTib,
    summarize,
    privatePaths: [...settingsFiles, ...ownPaths(settings)],
    tenants: openTenantSettings(tenants, lake.buckets),
    s3: { region, endpoint, forcePathStyle, credentials },
    exports: { ...exports, encryption: { method, kmsKeyId } },
  };
}

/** Folders the server keeps things in that are nobody's data, and files that say who may do what. */
function ownPaths(settings: Settings): string[] {
  const { audit, auth, http, rbac } = settings;
  const anchor = anchorSettingsOf(settings);
  return [
    ...[audit.journalDir, anchor?.kind === "folder" ? anchor.folder : undefined],
    ...[rbac.file, auth.module, auth.mtls.caFile, auth.mtls.crlFile],
    ...[http.tls.certFile, http.tls.keyFile],
  ].flatMap((path) => path ?? []);
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
