import { type CliHome, createCliHome } from "./cli-home.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { LoadRequest } from "./load-process.ts";
import { modernRequest } from "./rpc.ts";
import { startS3Server } from "./s3-server.ts";

/** The built server, with one bucket of an S3 whose faults and pace the test decides. */
export interface ServedLake {
  port: number;
  run: ReturnType<CliHome["start"]>;
  /** Requests S3 answers now, and how many at most. */
  open(): { now: number; most: number };
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
  remove(): Promise<void>;
}

/** `plan` says what goes wrong with each request to S3. */
export async function serveLake(
  plan: Parameters<typeof startFaultProxy>[1],
  args: readonly string[] = [],
): Promise<ServedLake> {
  const s3 = await startS3Server(["data"]);
  for (const key of ["a.txt", "b.txt"]) await s3.put("data", key, "Rivers rise in spring. ".repeat(20));
  const [user, proxy] = await Promise.all([createCliHome(), startFaultProxy(s3.endpoint, plan)]);
  const settings = [
    "--lake.buckets",
    "data",
    "--lake.s3.endpoint",
    proxy.endpoint,
    "--lake.s3.forcePathStyle",
  ];
  const run = user.start(["serve", "--port", "0", ...settings, ...args], {
    env: {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      SLUICE_LOG_LEVEL: "warn",
    },
  });
  const [, port] = await run.waitFor(/serves MCP on http:\S+:(\d+)\/mcp/);
  return {
    port: Number(port),
    run,
    open: proxy.open,
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(new RegExp(`^sluice_${name} (\\S+)$`, "m").exec(text)?.[1]);
    },
    async remove() {
      await user.remove();
      await Promise.all([proxy.stop(), s3.stop()]);
    },
  };
}

/** A call that asks S3 for one listing, which is no other's. */
export function listingCall(index: number): LoadRequest {
  return toolCall("lake_list_objects", { uri: `s3://data/folder-${index}/` });
}

export function toolCall(name: string, args: Record<string, unknown>): LoadRequest {
  return mcpRequest("tools/call", { name, arguments: args });
}

/** A request of 2026-07-28. */
export function mcpRequest(method: string, params?: Record<string, unknown>): LoadRequest {
  const { body, headers } = modernRequest(method, params);
  const accept = "application/json, text/event-stream";
  return {
    path: "/mcp",
    method: "POST",
    headers: { "content-type": "application/json", accept, ...headers },
    body: JSON.stringify(body),
  };
}
