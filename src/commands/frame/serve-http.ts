import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import type { HttpAdapter } from "../../adapters/http/adapter.ts";
import type { Dependency } from "../../adapters/http/health.ts";
import type { Deps } from "../../assemble.ts";
import type { Settings } from "../../config/schema.ts";
import type { ExitCode } from "./command.ts";
import { openFront } from "./front.ts";
import type { Opened } from "./open.ts";
import type { StopSignal } from "./stop-signal.ts";
import { logUncaught } from "./uncaught.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Serves over HTTP until the process is told to stop, and lets accepted calls finish then.
 * Throws `UsageError` when the address cannot be listened on.
 */
export async function serveOverHttp(
  { deps, close }: Opened,
  stop: StopSignal,
  onListening: (url: string) => void,
): Promise<ExitCode> {
  try {
    logUncaught(deps.log);
    const adapter = await createAdapter(deps);
    const { url } = await adapter.listen().catch(async (thrown: NodeJS.ErrnoException) => {
      await adapter.close();
      throw explain(thrown, deps.settings.http);
    });
    deps.log.info("listening", { url });
    onListening(url);
    await stop.asked;
    deps.log.info("draining", { drainMs: deps.settings.http.drainMs });
    await adapter.close();
    deps.log.info("stopped");
  } finally {
    await close();
  }
  return 0;
}

async function createAdapter(deps: Deps): Promise<HttpAdapter> {
  const [front, { createHttpAdapter }] = await Promise.all([
    openFront(deps),
    import("../../adapters/http/adapter.ts"),
  ]);
  const { http, lake } = deps.settings;
  const { host, port, allowedHosts, allowedOrigins, drainMs } = http;
  // A bare file name in /summarize can only mean one bucket.
  const [bucket] = lake.buckets.length === 1 ? lake.buckets : [];
  const summarizeBucket = bucket === undefined ? {} : { summarizeBucket: bucket.bucket };
  const ready = async () => [await checkCacheFolder(lake.cache.dir)];
  const options = { ready, host, port, allowedHosts, allowedOrigins, drainMs, ...summarizeBucket };
  return createHttpAdapter({ front, calls: deps.calls, ...options });
}

/** Queries need the cache's folder; buckets and roots may be down one by one while the rest works. */
async function checkCacheFolder(dir: string): Promise<Dependency> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    return { name: "cache", ready: true };
  } catch (thrown) {
    const { code = "unknown" } = thrown as NodeJS.ErrnoException;
    return { name: "cache", ready: false, detail: `lake.cache.dir cannot be written (${code})` };
  }
}

function explain(thrown: NodeJS.ErrnoException, { host, port }: Settings["http"]): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop that program, or choose another port: --port ${port === 65_535 ? 8080 : port + 1}, or --port 0 for a free one.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023: --port 8080.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Set http.host to one it has, such as 127.0.0.1.`,
    ENOTFOUND: `The name ${host} (http.host) has no address. Set http.host to one of this machine's.`,
  };
  const reason = reasons[thrown.code ?? ""];
  return reason === undefined ? thrown : new UsageError(reason);
}
