import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CallResult, callTool } from "../../src/core/call.ts";
import { createRegistry } from "../../src/core/registry.ts";
import { unguarded } from "../../src/core/steps.ts";
import { requestOf } from "../harness/confirming-path.ts";
import { type PolicyServer, principal, startPolicyServer } from "../harness/policy-server.ts";
import { askMcp, openSession, postMcp, readAnswer } from "../harness/rpc.ts";
import { startStsServer } from "../harness/sts-server.ts";
import { createSwitch } from "../harness/switch-toolset.ts";
import { askWithTasks } from "../harness/task-client.ts";

/**
 * What a caller was given for later, brought by somebody else: by a principal of the same name in another tenant, who may
 * read the same objects, and by a colleague in the same tenant. All have the same roles.
 */
let server: PolicyServer;
let sts: Awaited<ReturnType<typeof startStsServer>>;
const who = (id: string, tenantId: string) => principal(id, { tenantId });
const principals = { ann: who("ann", "a"), namesake: who("ann", "b"), colleague: who("amy", "a") };
const others = ["namesake", "colleague"] as const;

beforeAll(async () => {
  sts = await startStsServer(Date.now);
  process.env.AWS_ENDPOINT_URL_STS = sts.endpoint;
  const tenant = (name: string) => ({
    roleArn: `arn:aws:iam::123456789012:role/${name}`,
    buckets: [`lake/${name}/`, "lake/shared/"],
  });
  server = await startPolicyServer(
    {
      tenants: { a: tenant("a"), b: tenant("b") },
      writes: "confirm",
      rbac: {
        roles: { reader: { allow: ["*"], effects: ["read", "write"], resources: { buckets: ["lake"] } } },
        default: ["reader"],
      },
    },
    principals,
    { afterMs: 1, timeoutMs: 60_000, keepMs: 60_000 },
  );
  const rows = Array.from({ length: 2_000 }, (_, at) => `${at},row${at}`).join("\n");
  await server.s3.put("lake", "shared/rows.csv", `id,word\n${rows}\n`);
  for (let at = 0; at < 5; at++) await server.s3.put("lake", `shared/${at}.csv`, "id\n1\n");
  await server.s3.put("lake", "a/own.csv", "id,word\n1,secret\n");
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_STS;
  await server.stop();
  await sts.stop();
});

function cursorOf(result: CallResult): string {
  if (result.kind !== "completed") throw new Error(JSON.stringify({ ...result, tool: undefined }));
  expect(result.output.cursor).toBeTypeOf("string");
  return String(result.output.cursor);
}

const uri = "s3://lake/shared/rows.csv";

describe.each<[string, string, Record<string, unknown>]>([
  ["rows of a file", "lake_read_rows", { uri, limit: 100 }],
  ["rows of a pattern", "lake_read_rows", { uri: "s3://lake/shared/?.csv", limit: 2 }],
  ["a kept result", "lake_query", { sql: `SELECT * FROM '${uri}'`, limit: 100 }],
  ["a listing", "lake_list_objects", { uri: "s3://lake/shared/", limit: 2 }],
  ["a listing by a pattern", "lake_list_objects", { uri: "s3://lake/shared/", glob: "*.csv", limit: 2 }],
])("a cursor of %s", (_, tool, args) => {
  test.each(others)("is refused to a %s, and goes on for its owner", async (other) => {
    const first = cursorOf(await server.call("ann", tool, args));
    // The second page of rows has more kept for it than the first.
    for (const cursor of [first, cursorOf(await server.call("ann", tool, { ...args, cursor: first }))]) {
      const stolen = await server.call(other, tool, { ...args, cursor });
      expect(stolen).toMatchObject({
        kind: "failed",
        fault: { code: expect.stringMatching(/^(invalid_input|not_found)$/) },
      });
      expect(JSON.stringify(stolen)).not.toMatch(/row\d|\d\.csv/);
      expect(await server.call(other, tool, args)).toMatchObject({ kind: "completed" });
      expect(await server.call("ann", tool, { ...args, cursor })).toMatchObject({ kind: "completed" });
    }
  });
});

test.each(others)("a task is not there for a %s, who can neither read, answer nor stop it", async (other) => {
  const sql = `SELECT max(word) FROM '${uri}'`;
  const call = { name: "lake_query", arguments: { sql } };
  const { result } = await askWithTasks(server.front, "tools/call", call, "ann");
  const taskId = result?.taskId;
  expect(taskId).toBeTypeOf("string");
  const attempts = [
    ["tasks/get", { taskId }],
    ["tasks/cancel", { taskId }],
    ["tasks/update", { taskId, inputResponses: {} }],
  ] as const;
  const stolen = async () => {
    for (const [method, params] of attempts) {
      const answer = await askWithTasks(server.front, method, params, other);
      expect([method, answer.result, answer.error?.code]).toEqual([method, undefined, -32602]);
    }
  };
  await stolen();
  const status = async () =>
    (await askWithTasks(server.front, "tasks/get", { taskId }, "ann")).result?.status;
  await expect.poll(status).toBe("completed");
  await stolen();
  expect(await status()).toBe("completed");
});

const read = (name: string, uri: string) =>
  askWithTasks(server.front, "resources/read", { uri: `sluice://lake/${uri}` }, name);

test("a resource is read by its own tenant, and is as one that does not exist to another", async () => {
  expect((await read("ann", "s3://lake/a/own.csv")).result).toBeDefined();
  expect((await read("colleague", "s3://lake/a/own.csv")).result).toBeDefined();
  const stolen = await read("namesake", "s3://lake/a/own.csv");
  const missing = await read("namesake", "s3://lake/a/nothing.csv");
  expect(stolen.result).toBeUndefined();
  expect(stolen.error?.code).toBe(missing.error?.code);
  expect(stolen.error?.message.replace("own.csv", "nothing.csv")).toBe(missing.error?.message);
  expect(JSON.stringify(stolen)).not.toContain("secret");
});

describe.each(others)("a legacy session, brought by a %s", (other) => {
  const asked = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "lake_read_rows" } };
  const call = {
    ...asked,
    params: { ...asked.params, arguments: { uri, limit: 3 }, _meta: { progressToken: 1 } },
  };
  const get = (headers: Record<string, string>, method = "GET") =>
    server.adapter.fetch(
      new Request("http://localhost/mcp", { method, headers: { accept: "text/event-stream", ...headers } }),
    );

  test("is not there: no call, no stream, no end", async () => {
    const session = await openSession(server.adapter, "2025-11-25", { authorization: "ann" });
    const stolen = { ...session, authorization: other };
    expect((await postMcp(server.adapter, call, stolen)).status).toBe(404);
    expect((await get(stolen)).status).toBe(404);
    expect((await get(stolen, "DELETE")).status).toBe(404);
    expect((await postMcp(server.adapter, call, session)).status).toBe(200);
  });

  test("does not give its events to another session by their ids", async () => {
    const session = await openSession(server.adapter, "2025-11-25", { authorization: "ann" });
    const own = await openSession(server.adapter, "2025-11-25", { authorization: other });
    const response = await askMcp(server.adapter, "POST", session, call);
    const [, lastEventId = ""] = /^id: (.*)$/m.exec(await response.text()) ?? [];
    expect(lastEventId).not.toBe("");
    expect((await get({ ...session, authorization: other, "last-event-id": lastEventId })).status).toBe(404);
    expect((await get({ ...own, "last-event-id": lastEventId })).status).toBe(400);
    const { messages } = await readAnswer(await get({ ...session, "last-event-id": lastEventId }));
    expect(JSON.stringify(messages)).toContain("row2");
  });
});

test.each(others)("a confirmation is not good for a %s, and is not used up by the attempt", async (other) => {
  const lamp = createSwitch();
  const { confirmer } = server.deps.calls.steps;
  const calls = {
    ...server.deps.calls,
    registry: createRegistry([lamp.toolset]),
    steps: { ...unguarded, confirmer },
  };
  const set = (name: keyof typeof principals, more: object = {}) =>
    callTool(calls, {
      name: "switch_set_position",
      arguments: { position: "on", ...more },
      principal: principals[name],
    });
  const { confirmationToken } = requestOf(await set("ann"));
  expect(await set(other, { confirmationToken })).toMatchObject({ fault: { code: "denied" } });
  expect(lamp.effects).toBe(0);
  expect(await set("ann", { confirmationToken })).toMatchObject({ kind: "completed" });
  // The outcome that is kept for its owner is nobody else's either.
  expect(await set(other, { confirmationToken })).toMatchObject({ fault: { code: "denied" } });
  expect(lamp.effects).toBe(1);
});
