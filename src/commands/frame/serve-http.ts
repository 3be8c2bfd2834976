import type { Deps } from "../../assemble.ts";
import { openFront } from "./front.ts";
import { UsageError } from "./usage-error.ts";

export interface Serving {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  close(): Promise<void>;
}

/** Serves the dependencies over HTTP. Throws `UsageError` when the address cannot be listened on. */
export async function serveHttp(deps: Deps): Promise<Serving> {
  const { http, lake } = deps.settings;
  const [front, { createHttpAdapter }] = await Promise.all([
    openFront(deps),
    import("../../adapters/http/adapter.ts"),
  ]);
  const { host, port, allowedHosts, allowedOrigins, drainMs } = http;
  const [bucket] = lake.buckets;
  const adapter = createHttpAdapter({
    front,
    calls: deps.calls,
    host,
    port,
    allowedHosts,
    allowedOrigins,
    drainMs,
    ...(lake.buckets.length === 1 && bucket ? { summarizeBucket: bucket.bucket } : {}),
  });
  const { url } = await adapter.listen().catch(async (thrown: NodeJS.ErrnoException) => {
    await front.close();
    throw explain(thrown, host, port);
  });
  deps.log.info("listening", { url });
  return {
    url,
    async close() {
      deps.log.info("draining", { drainMs });
      await adapter.close();
      deps.log.info("stopped");
    },
  };
}

function explain(thrown: NodeJS.ErrnoException, host: string, port: number): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop that program, or choose another port: --port ${port === 65_535 ? 8080 : port + 1}, or --port 0 for a free one.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023: --port 8080.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Set http.host to one it has, such as 127.0.0.1.`,
    ENOTFOUND: `The name ${host} (http.host) has no address. Set http.host to one of this machine's.`,
  };
  const reason = reasons[thrown.code ?? ""];
  return reason === undefined ? thrown : new UsageError(reason);
}
