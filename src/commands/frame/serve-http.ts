import type { HttpAdapter } from "../../adapters/http/adapter.ts";
import type { ReadableMetrics } from "../../adapters/http/metrics.ts";
import type { Deps } from "../../assemble.ts";
import { checkRecords } from "./audit-check.ts";
import { checkCacheFolder } from "./cache-check.ts";
import { type CertificatesInForce, openCertificates } from "./certificates-in-force.ts";
import type { ExitCode } from "./command.ts";
import { openFront } from "./front.ts";
import { openIdentity, refuseIamOverHttp, refuseOpenAddress } from "./identity.ts";
import { explainListenFault } from "./listen-fault.ts";
import type { Opened } from "./open.ts";
import { tellOutsideCalls } from "./outside-calls.ts";
import { checkPolicy } from "./policy-check.ts";
import { checkServices } from "./service-check.ts";
import { checkStateStore } from "./state-check.ts";
import type { StopSignal } from "./stop-signal.ts";
import { logUncaught } from "./uncaught.ts";

/**
 * Serves over HTTP until the process is told to stop, and lets accepted calls finish then.
 * Throws `UsageError` when the address cannot be listened on.
 */
export async function serveOverHttp(
  { deps, close }: Opened,
  stop: StopSignal,
  onListening: (url: string) => void,
): Promise<ExitCode> {
  const { settings, log, calls } = deps;
  let certificates: CertificatesInForce | undefined;
  try {
    logUncaught(log);
    refuseOpenAddress(settings);
    refuseIamOverHttp(settings);
    certificates = await openCertificates(settings, { log, now: calls.now });
    const adapter = await createAdapter(deps, certificates);
    certificates.follow(adapter.renewTls);
    const { url } = await adapter.listen().catch(async (thrown: NodeJS.ErrnoException) => {
      await adapter.close();
      throw explainListenFault(thrown, settings.http);
    });
    log.info("listening", { url });
    onListening(url);
    await stop.asked;
    log.info("draining", { drainMs: settings.http.drainMs });
    await adapter.close();
    log.info("stopped");
  } finally {
    certificates?.close();
    await close();
  }
  return 0;
}

async function createAdapter(deps: Deps, inForce: CertificatesInForce): Promise<HttpAdapter> {
  const [identity, { createHttpAdapter }] = await Promise.all([
    openIdentity(deps, { inForce }),
    import("../../adapters/http/adapter.ts"),
  ]);
  const front = await openFront(deps, identity?.identify);
  const { http, lake } = deps.settings;
  const { host, port, allowedHosts, allowedOrigins, drainMs } = http;
  // A bare file name in /summarize can only mean one bucket.
  const [bucket] = lake.buckets.length === 1 ? lake.buckets : [];
  return createHttpAdapter({
    ...{ front, calls: deps.calls, host, port, allowedHosts, allowedOrigins, drainMs },
    ...(bucket !== undefined && { summarizeBucket: bucket.bucket }),
    ready: async () => [
      await checkCacheFolder(lake.cache.dir),
      ...checkPolicy(deps.access),
      ...inForce.dependencies(),
      ...checkServices(deps.breakers),
      ...(await checkRecords(deps.audit)),
      ...(await checkStateStore(deps.state)),
    ],
    ...tellOutsideCalls(deps),
    tls: inForce.tls(),
    oauth: identity?.oauth,
    certificates: identity?.certificates,
    metrics: readableMetrics(deps),
    dependencyReaders: identity ? deps.settings.telemetry.metricsRoles : "everybody",
  });
}

/** Without identity whoever reaches the server may read them: it listens on loopback alone then. */
function readableMetrics({ metrics, settings: { telemetry } }: Deps): ReadableMetrics | undefined {
  if (!metrics) return undefined;
  const isForRoles = telemetry.metrics === "authenticated";
  return { read: metrics.read, ...(isForRoles && { roles: telemetry.metricsRoles }) };
}
