import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { tellOfChanges } from "../../src/commands/frame/front.ts";
import { createLog, type Log } from "../../src/telemetry/log.ts";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";
import { modernRequest, openSession, postMcp } from "../harness/rpc.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A server whose policy is in a file; `change` writes it anew. */
async function start(
  text: string,
  log?: Log,
): Promise<{ server: PolicyServer; change(text: string): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-policy-file-"));
  cleanUps.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "policy.yaml");
  const change = (text: string) => writeFile(file, text);
  await change(text);
  const server = await startPolicyServer({ rbac: { file }, writes: "allow" }, {}, undefined, log);
  cleanUps.push(() => server.stop());
  tellOfChanges(server.front, server.deps.access);
  await server.s3.put("lake", "a/x.csv", "id\n1\n");
  await server.s3.put("lake", "b/x.csv", "id\n2\n");
  return { server, change };
}

const everything = "roles: { all: { allow: ['*'], effects: [read, write] } }\ndefault: [all]\n";
const half =
  "roles: { all: { allow: ['lake_x_*', lake_read_rows], resources: { buckets: [lake/a/] } } }\ndefault: [all]\n";
/** As a client sees them that has asked for none before: others keep their list until they are told. */
async function toolNames(server: PolicyServer): Promise<string[]> {
  const client = await server.connect("ann");
  const names = await client.toolNames();
  await client.close();
  return names;
}

/** What a session's own stream has said so far. */
async function sessionStream({ adapter }: PolicyServer): Promise<() => string> {
  const headers = await openSession(adapter, "2025-11-25", { authorization: "ann" });
  const stop = new AbortController();
  cleanUps.push(async () => stop.abort());
  const { body } = await adapter.fetch(
    new Request("http://localhost/mcp", {
      headers: { ...headers, accept: "text/event-stream" },
      signal: stop.signal,
    }),
  );
  let text = "";
  const read = async () => {
    for await (const bytes of body ?? []) text += new TextDecoder().decode(bytes);
  };
  void read().catch(() => {});
  return () => text;
}

const lists = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

/** How long a client may keep the answer. */
async function keptMs({ adapter }: PolicyServer, method: string): Promise<unknown> {
  const { body, headers } = modernRequest(method);
  const { messages } = await postMcp(adapter, body, { ...headers, authorization: "ann" });
  return messages[0]?.result?.ttlMs;
}

const ready = (server: PolicyServer) => server.adapter.fetch(new Request("http://localhost/health/ready"));
const ofB = { uri: "s3://lake/b/x.csv" };

test("a change is in force with the next call, and clients are told of it", async () => {
  const { server, change } = await start(everything);
  expect(await toolNames(server)).toHaveLength(9);
  expect(await server.call("ann", "lake_read_rows", ofB)).toMatchObject({ kind: "completed" });
  const told = await sessionStream(server);
  await change(half.replace("'lake_x_*', ", ""));
  await expect.poll(() => toolNames(server)).toEqual(["lake_read_rows"]);
  expect(await server.call("ann", "lake_read_rows", ofB)).toMatchObject({ fault: { code: "denied" } });
  expect(await server.call("ann", "lake_query", { sql: "SELECT 1" })).toMatchObject({ kind: "unknown_tool" });
  await expect.poll(told).toContain("notifications/tools/list_changed");
  expect(told()).toContain("notifications/prompts/list_changed");
});

test("an effect that is taken away takes its tools away, and the log says why they are gone", async () => {
  const logged: string[] = [];
  const log = createLog({ level: "warn", write: (line) => logged.push(line) });
  const { server, change } = await start(everything, log);
  const told = await sessionStream(server);
  expect(await toolNames(server)).toContain("lake_export_query");
  await change(everything.replace("read, write", "read"));
  await expect.poll(() => toolNames(server)).not.toContain("lake_export_query");
  await expect.poll(told).toContain("notifications/tools/list_changed");
  for (const era of ["modern", "legacy"] as const) {
    const client = await server.connect("ann", era);
    expect(await client.toolNames()).toHaveLength(8);
    const asked = client.call("lake_export_query", { sql: "SELECT 1", format: "csv" });
    await expect(asked).rejects.toThrow(/unknown tool/i);
    await client.close();
  }
  const lines = logged.map((line) => JSON.parse(line)).filter(({ event }) => event === "tool hidden");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    tool: "lake_export_query",
    principal: "ann",
    correlationId: expect.any(String),
    why: expect.stringMatching(
      /allows its effect, write \(roles\.all\.allow has \*; roles\.all\.effects has read\)$/,
    ),
  });
});

test("a change that cannot be used denies everything until it is mended", async () => {
  const { server, change } = await start(everything);
  expect((await ready(server)).status).toBe(200);
  for (const broken of ["roles: [", half, everything.replace("[all]", "[al]"), ""]) {
    await change(broken);
    await expect.poll(async () => (await ready(server)).status).toBe(503);
    expect(await server.call("ann", "lake_list_sources")).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("policy cannot be used") },
    });
    expect(await toolNames(server)).toEqual([]);
    for (const method of lists) expect([method, await keptMs(server, method)]).toEqual([method, 0]);
    await change(everything);
    await expect.poll(async () => (await ready(server)).status).toBe(200);
  }
  expect(await server.call("ann", "lake_list_sources")).toMatchObject({ kind: "completed" });
  expect(await keptMs(server, "tools/list")).toBe(300_000);
});

test("a server that starts with a policy it cannot use is not ready, and says why in its log alone", async () => {
  const { server } = await start("roles: { all: { allow: [lake_qery] } }");
  const response = await ready(server);
  expect(response.status).toBe(503);
  const body = await response.text();
  expect(body).toContain("every call is denied");
  expect(body).not.toContain("lake_qery");
  expect(server.deps.access?.state()).toEqual({
    problems: [
      expect.stringMatching(
        /policy\.yaml: roles\.all\.allow: "lake_qery" matches no tool: did you mean "lake_query"\?$/,
      ),
    ],
  });
  expect(await server.call("ann", "lake_query", { sql: "SELECT 1" })).toMatchObject({
    fault: { code: "denied" },
  });
});

test("a binding to an id that nobody can have is in the log: what it takes away it would take from nobody", async () => {
  const logged: string[] = [];
  const log = createLog({ level: "warn", write: (line) => logged.push(line) });
  const ids = ["ann", "JWT:ann", "jwt:ann", "key:ci", "local", "locals"];
  const roles = { none: { deny: ["lake_query"] } };
  const settings = { rbac: { roles, bindings: [{ principals: ids, roles: ["none"] }] } };
  const server = await startPolicyServer(settings, {}, undefined, log);
  cleanUps.push(() => server.stop());
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([
    { event: "policy binds nobody", principals: ["ann", "JWT:ann", "locals"], count: 3 },
  ]);
});
