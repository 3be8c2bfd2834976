import { join } from "node:path";
import type { AssembleOptions, Deps } from "../../assemble.ts";
import { modesInForce } from "../../config/auth.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { cacheHome } from "../../config/platform.ts";
import type { Demo } from "../../demo/start-demo.ts";
import type { Log, LogLevel } from "../../telemetry/log.ts";
import type { Metrics } from "../../telemetry/metrics/create-metrics.ts";
import type { Tracing } from "../../telemetry/tracing/create-tracing.ts";
import { version } from "../../version.ts";
import type { CommandContext } from "./command.ts";

export interface OpenOptions {
  /** Use the sample lake in place of the user's. */
  demo: boolean;
  /** Settings as flags, beside those of the command line. */
  flags?: readonly string[];
  /** Level of the log where no source sets one. */
  quietLevel?: LogLevel;
  signal?: AbortSignal;
  /** Start the query workers after this time: the first query of a server should be as quick as the next. */
  prewarmAfterMs?: number;
  /** Count what happens, for whoever may read the metrics (setting telemetry.metrics). */
  metrics?: boolean;
  /** How this process takes part in the audit. */
  audit?: AssembleOptions["audit"];
}

/** What a command runs on. */
export interface Opened {
  deps: Deps;
  config: LoadedConfig;
  demo?: Demo;
  close(): Promise<void>;
}

/** Loads the settings and builds the dependencies, and the demo's lake first where it is asked for. */
export async function openDeps(context: CommandContext, options: OpenOptions): Promise<Opened> {
  const { surroundings } = context.terminal;
  const argv = [...(options.flags ?? []), ...context.argv];
  // The demo shows the same on every machine: a settings file that lies around has no say in it.
  const request = { argv, surroundings, defaultFile: !options.demo };
  let config = await loadConfig(request);
  let demo: Demo | undefined;
  if (options.demo) {
    demo = await openDemo(context, options.signal);
    config = await loadConfig({ ...request, fixed: { ...demoSettings(demo), ...demoAuth(config) } });
  }
  try {
    const deps = await buildDeps(config, options, demo);
    await deps.access?.loaded;
    const close = async () => {
      await deps.close();
      await demo?.close();
    };
    return { deps, config, close, ...(demo === undefined ? {} : { demo }) };
  } catch (thrown) {
    await demo?.close();
    throw thrown;
  }
}

async function openDemo({ terminal }: CommandContext, signal?: AbortSignal): Promise<Demo> {
  const { startDemo } = await import("../../demo/start-demo.ts");
  const cacheDir = join(cacheHome(terminal.surroundings), "demo");
  return startDemo({ cacheDir, log: terminal.err, ...(signal === undefined ? {} : { signal }) });
}

function demoSettings(demo: Demo): Record<string, unknown> {
  return {
    "lake.buckets": demo.buckets,
    "lake.localRoots": demo.localRoots.map(({ name, path }) => `${name}=${path}`),
    "lake.s3.endpoint": demo.s3Endpoint,
    "lake.s3.region": demo.region,
    "lake.s3.forcePathStyle": true,
    "lake.exports.buckets": [demo.exports.place],
    "lake.exports.maxBytes": demo.exports.maxBytes,
  };
}

/** Keys of this shell are not for the demo: it asks who calls only where its command line says so. */
function demoAuth({ effective }: LoadedConfig): Record<string, unknown> {
  const isAsked = effective.some(({ path, origin }) => path === "auth.modes" && origin.kind === "flag");
  return isAsked ? {} : { "auth.modes": ["none"] };
}

async function buildDeps(
  config: LoadedConfig,
  { quietLevel, prewarmAfterMs, audit, metrics: isCounting = false }: OpenOptions,
  demo?: Demo,
): Promise<Deps> {
  const [{ assemble }, { createLog }] = await Promise.all([
    import("../../assemble.ts"),
    import("../../telemetry/log.ts"),
  ]);
  const { settings, effective, warnings } = config;
  const isSet = (...paths: string[]) =>
    effective.some(({ path, origin }) => paths.includes(path) && origin.kind !== "default");
  const level = isSet("log.level") ? settings.log.level : (quietLevel ?? settings.log.level);
  const setLimits = {
    rate: isSet("limits.ratePerSecond", "limits.burst"),
    perDay: isSet("limits.perDay"),
    streams: isSet("limits.streamsPerPrincipal"),
  };
  const log = createLog({ level });
  for (const warning of warnings) log.warn("exposed", { warning });
  const metrics = isCounting ? await openMetrics(settings) : undefined;
  const tracing = await openTracing(settings, log);
  const s3Credentials = demo?.credentials;
  const settingsFiles = [...(config.file === undefined ? [] : [config.file]), ...config.secretFiles];
  const told = { s3Credentials, setLimits, prewarmAfterMs, audit, metrics, tracing };
  return assemble({ settings, settingsFiles, log, ...told });
}

/** Loaded where spans are sent alone. */
async function openTracing({ telemetry }: LoadedConfig["settings"], log: Log): Promise<Tracing | undefined> {
  if (telemetry.tracing === "off" || telemetry.otlpEndpoint === undefined) return undefined;
  const { createTracing } = await import("../../telemetry/tracing/create-tracing.ts");
  return createTracing({ endpoint: telemetry.otlpEndpoint, log, version });
}

/** Loaded where they can be read: a process that serves no HTTP starts sooner without. */
async function openMetrics({ telemetry, auth }: LoadedConfig["settings"]): Promise<Metrics | undefined> {
  const asksNobody = modesInForce(auth).includes("none");
  if (telemetry.metrics === "off" || (telemetry.metrics === "loopback" && !asksNobody)) return undefined;
  const { createMetrics } = await import("../../telemetry/metrics/create-metrics.ts");
  return createMetrics();
}
