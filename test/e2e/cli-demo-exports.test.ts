import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { faultOf, type ToolAnswer } from "../harness/clients.ts";

let user: CliHome;
let url: URL;
beforeAll(async () => {
  user = await createCliHome();
  const env = { SLUICE_LAKE_EXPORTS_BUCKETS: "of-another-server" };
  const demo = user.start(["demo", "--port", "0", "--writes", "confirm"], { env });
  const [, at = ""] = await demo.waitFor(/serves the sample lake on (http:\S+\/mcp)/);
  url = new URL(at);
}, 60_000);
afterAll(() => user.remove());

interface Asking {
  call(name: string, args: Record<string, unknown>): Promise<ToolAnswer>;
  questions: string[];
  close(): Promise<void>;
}

const info = { name: "tests", version: "1" };
const yes = { action: "accept" as const, content: { confirm: true } };

async function modern(asksUser: boolean): Promise<Asking> {
  const client = new ModernClient(info, {
    versionNegotiation: { mode: "auto" },
    capabilities: asksUser ? { elicitation: { form: {} } } : {},
  });
  const questions: string[] = [];
  if (asksUser) {
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      questions.push(params.message);
      return yes;
    });
  }
  await client.connect(new ModernHttp(url));
  return {
    questions,
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolAnswer,
    close: () => client.close(),
  };
}

async function legacy(asksUser: boolean): Promise<Asking> {
  const client = new LegacyClient(info, { capabilities: asksUser ? { elicitation: {} } : {} });
  const questions: string[] = [];
  if (asksUser) {
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      questions.push(params.message);
      return yes;
    });
  }
  await client.connect(new LegacyHttp(url) as unknown as LegacyTransport);
  return {
    questions,
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolAnswer,
    close: () => client.close(),
  };
}

/** Confirms by the user where the client asks one, else by the plan's token. */
async function exportWith(client: Asking, args: Record<string, unknown>) {
  const first = await client.call("lake_export_query", args);
  if (!first.isError) return first.structuredContent as Record<string, unknown>;
  expect(client.questions).toEqual([]);
  const { details } = faultOf(first) as { details: { confirmationToken: string } };
  const { confirmationToken } = details;
  const second = await client.call("lake_export_query", { ...args, confirmationToken });
  expect(second.isError).toBeFalsy();
  return second.structuredContent as Record<string, unknown>;
}

describe.each([
  { who: "a client of 2026-07-28 that asks its user", connect: () => modern(true), asked: 1 },
  { who: "a client of 2026-07-28 that cannot", connect: () => modern(false), asked: 0 },
  { who: "a session that asks its user", connect: () => legacy(true), asked: 1 },
  { who: "a session that cannot", connect: () => legacy(false), asked: 0 },
])("$who", ({ who, connect, asked }) => {
  test("exports from the demo, and reads the export by its link and as a source", async () => {
    const client = await connect();
    const sql = "SELECT status, count(*) AS n FROM 's3://demo-lake/orders/' GROUP BY 1 ORDER BY 1";
    const name = `by-${who.replaceAll(/\W+/g, "-")}`;
    const made = await exportWith(client, { sql, name, format: "csv" });
    expect(made).toMatchObject({ uri: `s3://demo-lake/exports/${name}.csv`, format: "csv" });
    expect(client.questions).toHaveLength(asked);
    const answer = await fetch(String(made.url));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="${name}.csv"`);
    const lines = (await answer.text()).split("\r\n");
    const { structuredContent } = await client.call("lake_query", { sql: `SELECT * FROM '${made.uri}'` });
    const rows = structuredContent?.rows as unknown[][];
    expect(["status,n", ...rows.map((row) => row.join(",")), ""]).toEqual(lines);
    expect(rows).toHaveLength(Number(made.rows));
    await client.close();
  });
});

test("an export of several parts arrives whole, the same again is a link to it, and what does not fit is refused", async () => {
  const client = await modern(false);
  const sql = "SELECT range AS id, md5(range::VARCHAR) AS hash FROM range(400000)";
  const args = { sql, format: "csv", name: "parts" };
  const made = await exportWith(client, args);
  expect(Number(made.sizeBytes)).toBeGreaterThan(9 << 20);
  const text = await (await fetch(String(made.url))).text();
  expect([text.length, text.slice(0, 9), text.split("\r\n").length]).toEqual([
    made.sizeBytes,
    "id,hash\r\n",
    400_002,
  ]);
  const again = await exportWith(client, args);
  expect([again.uri, again.sizeBytes]).toEqual([made.uri, made.sizeBytes]);
  const elsewhere = { sql: "SELECT 1 AS a", folder: "s3://demo-lake/orders/" };
  expect(faultOf(await client.call("lake_export_query", elsewhere))).toMatchObject({ code: "denied" });
  const huge = { sql: "SELECT repeat(md5(range::VARCHAR), 32768) AS a FROM range(70)", format: "csv" };
  const { details } = faultOf(await client.call("lake_export_query", huge)) as {
    details: { confirmationToken: string };
  };
  const { confirmationToken } = details;
  expect(faultOf(await client.call("lake_export_query", { ...huge, confirmationToken }))).toMatchObject({
    code: "too_large",
    message: expect.stringContaining("lake.exports.maxBytes"),
  });
  await client.close();
}, 60_000);
