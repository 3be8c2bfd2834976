import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { modernRequest } from "../harness/rpc.ts";

let user: CliHome;
beforeEach(async () => {
  user = await createCliHome();
});
afterEach(() => user.remove());

async function serve(...args: string[]) {
  const server = user.start(["serve", "--port", "0", ...args]);
  const [, url = ""] = await server.waitFor(/serves MCP on (\S+)\/mcp/);
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers });
  return { server, url, get };
}

const keyOf = (name: string) => `${name}-0123456789abcdef0123456789abcdef`;
const entry = (id: string, tenant: string, roles: string[]) => ({
  id,
  tenant,
  roles,
  keys: [`sha256:${createHash("sha256").update(keyOf(id)).digest("hex")}`],
});
const keys = JSON.stringify([entry("ops", "acme", ["operator"]), entry("ada", "acme", ["analyst"])]);

test("a server on loopback that asks nobody who they are shows its metrics", async () => {
  const { get, url } = await serve("--audit.journalDir", "journal");
  const body = JSON.stringify({ uri: "s3://not-allowed/a.txt" });
  await fetch(`${url}/summarize`, { method: "POST", body });
  const response = await get("/metrics");
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await response.text();
  expect(text).toMatch(/sluice_calls_total\{tool="lake_summarize_text",effect="read",outcome="\w+"\} 1\n/);
  expect(text).toMatch(/sluice_audit_records_total [1-9]/);
  expect(text).toContain("process_resident_memory_bytes");
  expect(text).not.toContain("not-allowed");
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(405);
  expect(await (await get("/health/ready")).json()).toMatchObject({
    dependencies: { "audit journal": { status: "ready" } },
  });
});

test("one that asks shows none, unless it is told who may see them", async () => {
  const hidden = await serve("--auth.modes", "api_key", "--auth.apiKeys", keys);
  expect((await hidden.get("/metrics")).status).toBe(404);
  expect((await hidden.get("/metrics", { "x-api-key": keyOf("ops") })).status).toBe(404);

  const shown = await serve(
    ...["--auth.modes", "api_key", "--auth.apiKeys", keys],
    ...["--telemetry.metrics", "authenticated", "--telemetry.metricsRoles", "operator"],
  );
  expect((await shown.get("/metrics")).status).toBe(401);
  const refused = await shown.get("/metrics", { "x-api-key": keyOf("ada") });
  expect({ status: refused.status, text: await refused.text() }).toEqual({
    status: 403,
    text: expect.not.stringContaining("sluice_"),
  });
  const read = await shown.get("/metrics", { "x-api-key": keyOf("ops") });
  expect({ status: read.status, text: await read.text() }).toEqual({
    status: 200,
    text: expect.stringContaining("sluice_calls_running 0"),
  });
  const ready = async (headers?: Record<string, string>) =>
    (await shown.get("/health/ready", headers)).json();
  expect(await ready({ "x-api-key": keyOf("ops") })).toMatchObject({
    status: "ready",
    dependencies: { cache: { status: "ready" } },
  });
  for (const key of [keyOf("ada"), keyOf("nobody"), "x"]) {
    expect(await ready({ "x-api-key": key })).toEqual({ status: "ready" });
  }
  expect(await ready()).toEqual({ status: "ready" });
});

test.each([
  [
    "authenticated readers of a server that asks nobody",
    ["--telemetry.metrics", "authenticated"],
    "asks nobody",
  ],
  ["roles that nothing asks for", ["--telemetry.metricsRoles", "operator"], "is of no use"],
  [
    "authenticated readers of no role",
    ["--auth.modes", "api_key", "--auth.apiKeys", keys, "--telemetry.metrics", "authenticated"],
    "telemetry.metricsRoles",
  ],
])("%s are refused", async (_what, args, says) => {
  const { code, stderr } = await user.sluice(["serve", ...args]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) });
});

test("the block cache of a server is told by hits, misses and bytes", async () => {
  const demo = user.start(["demo", "--port", "0"]);
  const [, url = ""] = await demo.waitFor(/(http:\/\/127\.0\.0\.1:\d+)\/mcp/);
  const sql = "SELECT count(DISTINCT customer_id) AS n FROM 's3://demo-lake/customers/customers.csv'";
  const value = async (metric: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${metric} `))
        ?.split(" ")[1],
    );
  };
  const ask = async (statement: string) => {
    const given = { name: "lake_query", arguments: { sql: statement } };
    const { body, headers } = modernRequest("tools/call", given);
    const asked = { method: "POST", headers: { "content-type": "application/json", ...headers } };
    const answer = await fetch(`${url}/mcp`, { ...asked, body: JSON.stringify(body) });
    expect(await answer.text()).not.toContain('"isError":true');
  };
  await ask(sql);
  const fetchedBytes = await value("sluice_cache_fetched_bytes_total");
  expect(fetchedBytes).toBeGreaterThan(0);
  expect(await value('sluice_cache_misses_total{kind="object"}')).toBeGreaterThan(0);
  expect(await value("sluice_cache_used_bytes")).toBeGreaterThan(0);
  expect(await value("sluice_cache_evictions_total")).toBe(0);
  const hits = await value('sluice_cache_hits_total{kind="object"}');
  await ask(sql.replace("AS n", "AS many"));
  expect(await value("sluice_cache_fetched_bytes_total")).toBe(fetchedBytes);
  expect(await value('sluice_cache_hits_total{kind="object"}')).toBeGreaterThan(hits);
});
