import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Children } from "../children.ts";

export interface Answer {
  /** From sending the request to having read the whole answer. */
  ms: number;
  rows: unknown[][];
}

/** The built server over the modelled S3, and calls to its tools over HTTP. */
export interface SluiceUnderTest {
  call(tool: string, toolArguments: Record<string, unknown>): Promise<Answer>;
}

export async function startSluice(
  children: Children,
  program: string,
  s3Url: string,
  cacheDir: string,
): Promise<SluiceUnderTest> {
  const port = await freePort();
  children.start(program, ["serve", "--port", String(port)], {
    SLUICE_LAKE_BUCKETS: "bench",
    SLUICE_LAKE_S3_ENDPOINT: s3Url,
    SLUICE_LAKE_S3_REGION: "eu-central-1",
    SLUICE_LAKE_S3_FORCE_PATH_STYLE: "true",
    SLUICE_LAKE_CACHE_DIR: cacheDir,
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(`${url}/health/ready`);
  let id = 0;
  return { call: (tool, toolArguments) => callTool(`${url}/mcp`, ++id, tool, toolArguments) };
}

async function callTool(url: string, id: number, name: string, toolArguments: object): Promise<Answer> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const startedMs = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": name,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name, arguments: toolArguments, _meta },
    }),
    signal: AbortSignal.timeout(120_000),
  });
  const text = await response.text();
  const ms = performance.now() - startedMs;
  const json = text.startsWith("{") ? text : ([...text.matchAll(/^data: (\{.*)$/gm)].at(-1)?.[1] ?? "");
  const { result } = JSON.parse(json) as {
    result?: { isError?: boolean; structuredContent?: { rows?: unknown[][] } };
  };
  const rows = result?.structuredContent?.rows;
  if (result?.isError || !rows) throw new Error(`${name} failed: ${text.slice(0, 1_000)}`);
  return { ms, rows };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await sleep(100);
  }
  throw new Error("Sluice was not ready within 10 s.");
}
