import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import type { Children } from "../../children.ts";
import { keyOf } from "../data.ts";
import { emptyFiles } from "../empty-files.ts";
import type { Question } from "../question.ts";
import type { Answer, Side } from "./side.ts";

export interface SluiceOptions {
  children: Children;
  /** The built product. */
  product: string;
  endpoint: string;
  /** Where there is none yet. */
  cacheDir: string;
}

/** Sluice as users have it, but for its patience: what is slow is measured, and not cut off. */
const settings = {
  SLUICE_LAKE_BUCKETS: "bench",
  SLUICE_LAKE_S3_REGION: "eu-central-1",
  SLUICE_LAKE_S3_FORCE_PATH_STYLE: "true",
  SLUICE_LAKE_QUERY_TIMEOUT_MS: "5m",
  SLUICE_CALLS_TIMEOUT_MS: "10m",
  AWS_ACCESS_KEY_ID: "bench",
  AWS_SECRET_ACCESS_KEY: "bench",
};
const requestTimeoutMs = 900_000;

const faultShape = z.looseObject({ code: z.string(), message: z.string() });
const outputShape = z.record(z.string(), z.unknown());

export interface SluiceSide extends Side {
  /** Modes that lake_profile_dataset offers. */
  profileModes: string[];
}

/** The built server with an empty cache, asked through its tools over HTTP by the SDK's client. */
export async function startSluice({
  children,
  product,
  endpoint,
  cacheDir,
}: SluiceOptions): Promise<SluiceSide> {
  const port = await freePort();
  const child = children.start(product, ["serve", "--port", String(port)], {
    env: { ...settings, SLUICE_LAKE_S3_ENDPOINT: endpoint, SLUICE_LAKE_CACHE_DIR: cacheDir },
  });
  await untilReady(`http://127.0.0.1:${port}/health/ready`);
  const client = new Client(
    { name: "bench", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" }, capabilities: {} },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  const call = (tool: string, given: Record<string, unknown>) => callTool(client, tool, given);
  await call("lake_query", { sql: "SELECT sum(l_quantity) FROM 's3://bench/take-hello/hello.parquet'" });
  await call("lake_read_rows", { uri: "s3://bench/take-hello/hello.parquet" });
  return {
    pid: child.pid ?? 0,
    profileModes: await profileModes(client),
    ask: async (question, { dataset, take }) => {
      const { ms, output } = await call(
        question.tool,
        question.arguments(`s3://bench/${take}/${keyOf[dataset]}`),
      );
      return { ms, rows: rowsOf(question, output) };
    },
    forget: async () => {},
    async stop() {
      await client.close();
      await children.stop(child);
      await emptyFiles(cacheDir);
    },
  };
}

function rowsOf({ rowsOf: read }: Question, output: Record<string, unknown>): Answer["rows"] {
  return read ? read(output) : z.array(z.array(z.unknown())).parse(output.rows);
}

async function callTool(client: Client, name: string, given: Record<string, unknown>) {
  const startedMs = performance.now();
  const { isError, structuredContent } = await client.callTool(
    { name, arguments: given },
    { timeout: requestTimeoutMs },
  );
  const ms = performance.now() - startedMs;
  if (isError) {
    const { code, message } = faultShape.parse(structuredContent);
    throw new Error(`${code}: ${message}`);
  }
  return { ms, output: outputShape.parse(structuredContent) };
}

async function profileModes(client: Client): Promise<string[]> {
  const { tools } = await client.listTools();
  const tool = tools.find(({ name }) => name === "lake_profile_dataset");
  const mode = z.looseObject({ enum: z.array(z.string()) }).safeParse(tool?.inputSchema.properties?.mode);
  return mode.success ? mode.data.enum : [];
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
  for (let attempt = 0; attempt < 200; attempt++) {
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await sleep(100);
  }
  throw new Error("Sluice was not ready within 20 s.");
}
