import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceCallLedger, takeDownServiceCalls } from "../../src/core/service-calls.ts";
import { createRoleCredentials } from "../../src/lake/stores/role-credentials.ts";
import { type PolicyServer, principal, startPolicyServer } from "../harness/policy-server.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";
import { startStsServer } from "../harness/sts-server.ts";

let server: PolicyServer;
let sts: Awaited<ReturnType<typeof startStsServer>>;
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
beforeAll(async () => {
  sts = await startStsServer(Date.now);
  process.env.AWS_ENDPOINT_URL_STS = sts.endpoint;
  const who = (id: string, tenantId: string) => principal(id, { tenantId });
  server = await startPolicyServer(
    {
      tenants: {
        a: { roleArn: role("a"), externalId: "ext-a", sessionTags: { team: "x" }, buckets: ["lake/a/"] },
        b: { roleArn: role("b"), buckets: ["lake/b/"] },
      },
    },
    { ann: who("ann", "a"), bob: who("bob", "b"), eve: who("eve", "constructor") },
  );
  await server.s3.put("lake", "a/x.csv", "id\n1\n");
  await server.s3.put("lake", "b/x.csv", "id\n2\n");
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_STS;
  await server.stop();
  await sts.stop();
});
const keys = () =>
  new Set(
    server.s3.requests.map(({ headers }) => /Credential=([^/]+)/.exec(String(headers.authorization))?.[1]),
  );

test("denied with no request where STS refuses the role, in words of our own", async () => {
  sts.status = 403;
  server.s3.requests.length = 0;
  const result = await server.call("ann", "lake_read_rows", { uri: "s3://lake/a/x.csv" });
  sts.status = 200;
  expect(result).toMatchObject({ kind: "failed", fault: { code: "denied" } });
  expect(JSON.stringify((result as { fault: unknown }).fault)).not.toContain("hush");
  expect(server.s3.requests).toEqual([]);
});

test("unavailable, and not denied, where the answer of STS broke off", async () => {
  sts.breaksOff = true;
  const result = await server.call("ann", "lake_read_rows", { uri: "s3://lake/a/x.csv" });
  sts.breaksOff = false;
  expect(result).toMatchObject({ kind: "failed", fault: { code: "unavailable", retryable: true } });
  expect(server.s3.requests).toEqual([]);
});

test("the audit says that a call took on its tenant's role", async () => {
  const ledger = new ServiceCallLedger();
  sts.status = 403;
  await takeDownServiceCalls(ledger, () =>
    server.call("bob", "lake_read_rows", { uri: "s3://lake/b/x.csv" }),
  );
  sts.status = 200;
  expect(ledger.calls).toContainEqual(
    expect.objectContaining({ service: "sts", operation: "AssumeRole", status: 403 }),
  );
});

test("each tenant reads its own, with its own key, and nothing of the other's", async () => {
  for (const [name, own, other] of [
    ["ann", "a", "b"],
    ["bob", "b", "a"],
  ] as const) {
    sts.asked.length = 0;
    server.s3.requests.length = 0;
    const sql = `SELECT * FROM 's3://lake/${own}/x.csv'`;
    expect(await server.call(name, "lake_query", { sql })).toMatchObject({ kind: "completed" });
    expect(await server.call(name, "lake_read_rows", { uri: `s3://lake/${other}/x.csv` })).toMatchObject({
      fault: { code: "denied" },
    });
    expect(sts.asked).toHaveLength(1);
    expect([...keys()]).toEqual([`ASIA${own.toUpperCase()}1`]);
    const asked = Object.fromEntries(sts.asked[0] ?? []);
    expect(asked.RoleSessionName).toBe(`sluice-${own}`);
    expect(Object.values(asked)).toContain("tenant");
    expect(asked.ExternalId).toBe(own === "a" ? "ext-a" : undefined);
  }
});

test("listings of the bucket show each its own, whoever asked before", async () => {
  for (const [name, own, other] of [
    ["ann", "a", "b"],
    ["bob", "b", "a"],
  ] as const) {
    const listed = JSON.stringify(await server.call(name, "lake_list_objects", { uri: "s3://lake/" }));
    expect(listed).toContain(`s3://lake/${own}/`);
    expect(listed).not.toContain(`s3://lake/${other}/`);
  }
});

test("a session is renewed once before it ends, by the clock given", async () => {
  let nowMs = Date.parse("2030-01-01T00:00:00Z");
  const clocked = await startStsServer(() => nowMs);
  process.env.AWS_ENDPOINT_URL_STS = clocked.endpoint;
  const s3 = { region: "eu-west-1", credentials: { accessKeyId: "k", secretAccessKey: "s" } };
  const options = { tenantId: "a", roleArn: role("a"), externalId: undefined, sessionTags: {}, s3 };
  const { provide } = createRoleCredentials(options, { now: () => nowMs });
  const key = async () => (await provide()).accessKeyId;
  expect(await Promise.all([key(), key(), key()])).toEqual(["ASIAA1", "ASIAA1", "ASIAA1"]);
  nowMs += 49 * 60_000;
  expect(await key()).toBe("ASIAA1");
  nowMs += 7 * 60_000;
  expect(await Promise.all([key(), key()])).toEqual(["ASIAA2", "ASIAA2"]);
  nowMs += 60 * 60_000;
  clocked.status = 403;
  await expect(key()).rejects.toMatchObject({ code: "denied" });
  await clocked.stop();
  await expect(key()).rejects.toMatchObject({ code: "unavailable" });
});

/** What a list of MCP holds for somebody. */
async function listed(name: string, method: string): Promise<unknown[]> {
  const { body, headers } = modernRequest(method, {});
  const { messages } = await postMcp(server.adapter, body, { ...headers, authorization: name });
  return Object.values(messages.at(-1)?.result ?? {})
    .filter(Array.isArray)
    .flat();
}

test("who is of no tenant is denied, and sees nothing", async () => {
  for (const method of ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]) {
    expect([method, await listed("eve", method)]).toEqual([method, []]);
    expect([method, await listed("ann", method)]).not.toEqual([method, []]);
  }
  server.s3.requests.length = 0;
  expect(await server.call("eve", "lake_list_sources")).toMatchObject({ fault: { code: "denied" } });
  expect(await server.call("nobody", "lake_list_sources")).toMatchObject({ fault: { code: "denied" } });
  expect(server.s3.requests).toEqual([]);
});
