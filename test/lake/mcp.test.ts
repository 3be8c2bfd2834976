import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { connectLegacy, connectModern, faultOf, type TestClient } from "../harness/clients.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;
let adapter: HttpAdapter;

beforeAll(async () => {
  lake = await startTestLake();
  await lake.put(
    "orders/year=2025/a.parquet",
    await parquetOf("SELECT i AS id, i * 1.5 AS total FROM range(10) t(i)"),
  );
  await lake.put("customers.csv", "id,name\n1,Ann\n2,Bo\nbad\n");
  await lake.put("notes/a.txt", "The lake is open. The lake is blue. Rain fell.");
  const { calls } = lake;
  adapter = createHttpAdapter({
    front: createMcpFront({ calls, serverInfo: { name: "sluice", version: "0" } }),
    calls,
  });
});
afterAll(async () => {
  await adapter.close();
  await lake.stop();
});

const url = new URL("http://localhost/mcp");
const fetch = (input: string | URL, init?: RequestInit) => adapter.fetch(new Request(input, init));

/** Each tool, with arguments and a part of what it must answer. */
const calls: [string, Record<string, unknown>, Record<string, unknown>][] = [
  ["lake_list_sources", {}, { sources: [{ name: "lake" }, { name: "root" }] }],
  ["lake_list_buckets", {}, { buckets: [{ name: "lake" }] }],
  ["lake_list_objects", { uri: "s3://lake/" }, { prefixes: ["s3://lake/notes/", "s3://lake/orders/"] }],
  ["lake_get_metadata", { uri: "s3://lake/orders/" }, { rows: { count: 10, exactness: "exact" } }],
  [
    "lake_read_rows",
    { uri: "s3://lake/customers.csv", limit: 1 },
    { rows: [[1, "Ann"]], truncated: true, rejectedRows: 1 },
  ],
  [
    "lake_query",
    {
      sql: "SELECT name, total FROM 's3://lake/orders/' JOIN c USING (id) ORDER BY 1",
      sources: { c: "s3://lake/customers.csv" },
    },
    {
      rows: [
        ["Ann", "1.5"],
        ["Bo", "3.0"],
      ],
    },
  ],
  ["lake_profile_dataset", { uri: "s3://lake/customers.csv" }, { rowCount: 2, mode: "whole" }],
  ["lake_summarize_text", { uri: "s3://lake/notes/a.txt" }, { method: "extractive" }],
];

describe.each([
  ["2026-07-28", () => connectModern(new ModernHttp(url, { fetch }))],
  ["with sessions", () => connectLegacy(new LegacyHttp(url, { fetch }) as LegacyTransport)],
])("a real client, %s", (_era, connect) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await connect();
  });
  afterAll(() => client.close());

  test("finds every tool that reads, and no alias", async () => {
    const names = calls.map(([name]) => name);
    expect((await client.toolNames()).sort()).toEqual(names.sort());
  });

  test("is told that a server which is read-only exports nothing", async () => {
    const answer = await client.call("lake_export_query", { sql: "SELECT 1" });
    expect(faultOf(answer)).toMatchObject({ code: "denied", message: expect.stringContaining("read-only") });
  });

  test.each(calls)("calls %s", async (name, given, expected) => {
    const { structuredContent, content, isError } = await client.call(name, given);
    expect(isError ?? false, JSON.stringify(structuredContent)).toBe(false);
    expect(structuredContent).toMatchObject(expected);
    expect(content[0]?.text?.length).toBeGreaterThan(10);
  });

  test("gets a fault it can act on", async () => {
    const answer = await client.call("lake_query", { sql: "DROP TABLE orders" });
    expect(faultOf(answer)).toMatchObject({ code: "invalid_input", retryable: false });
  });

  test("lists the datasets of every place as resources, and reads any by template", async () => {
    const uris = await client.resourceUris();
    expect(uris).toContain("sluice://lake/s3://lake/customers.csv");
    expect(uris).toContain("sluice://lake/s3://lake/orders/");
    expect(await client.templates()).toEqual(["sluice://lake/{+uri}"]);
    const text = await client.readText("sluice://lake/s3://lake/customers.csv");
    expect(JSON.parse(text)).toMatchObject({ format: "csv", columns: [{ name: "id" }, { name: "name" }] });
  });

  test("is offered what lies at a uri being typed", async () => {
    const template = "sluice://lake/{+uri}";
    expect(await client.complete(template, "uri", "")).toContain("s3://lake/");
    expect(await client.complete(template, "uri", "s3://lake/o")).toEqual(["s3://lake/orders/"]);
    expect(await client.complete(template, "uri", "s3://lake/")).toContain("s3://lake/customers.csv");
  });

  test("picks a prompt that names the tools to use", async () => {
    expect(await client.promptNames()).toEqual(["explore_bucket", "check_data_quality", "explain_cost"]);
    expect(await client.promptText("explore_bucket", { bucket: "lake" })).toContain("s3://lake/");
    expect(
      await client.promptText("check_data_quality", { uri: "s3://lake/customers.csv", key: "id" }),
    ).toContain('duplicates of "id"');
    expect(await client.promptText("explain_cost", { uri: "s3://lake/orders/" })).toContain(
      "lake_get_metadata",
    );
  });
});
