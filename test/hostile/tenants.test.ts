import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tellOfChanges } from "../../src/commands/frame/front.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { journalLines } from "../harness/audit.ts";
import { createCrossings, spokenOf } from "../harness/crossings.ts";
import { counted, tellFigures } from "../harness/figures.ts";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";
import { createRandom } from "../harness/random.ts";
import { modernRequest, openSession, postMcp, type RpcAnswer, readAnswer } from "../harness/rpc.ts";
import { signedRequests } from "../harness/signed-requests.ts";
import { startStsServer } from "../harness/sts-server.ts";

// A few by default. TENANTS_UNDER_TEST=200 takes longer, TENANTS_SEED=… goes another way.
const tenantCount = Number(process.env.TENANTS_UNDER_TEST ?? 40);
const seed = Number(process.env.TENANTS_SEED ?? Date.now() % 1_000_000);
const atOnce = 24;

const logged: string[] = [];
let folder = "";
let server: PolicyServer;
let sts: Awaited<ReturnType<typeof startStsServer>>;

interface Tenant {
  name: string;
  key: Record<string, string>;
  canary: string;
}

const tenants = Array.from({ length: tenantCount }, (_, index): Tenant => {
  const name = `t${index}`;
  const digest = createHash("sha256").update(`${seed} ${name}`).digest("hex");
  return { name, key: { "x-api-key": digest }, canary: `canary-${name}-${digest.slice(0, 12)}` };
});

/** Each tenant's role reads its own prefix, and the one that all may read. `more` makes it another policy. */
function policy(more: object = {}): string {
  const resources = ({ name }: Tenant) => ({ buckets: [`lake/${name}/`, "lake/common/"] });
  const roles = tenants.map((one) => [one.name, { allow: ["lake_*"], resources: resources(one) }]);
  const bindings = tenants.map(({ name }) => ({
    principals: [`key:${name}`],
    tenants: [name],
    roles: [name],
  }));
  return JSON.stringify({ roles: { ...Object.fromEntries(roles), ...more }, bindings });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tenants-"));
  await writeFile(join(folder, "policy.json"), policy());
  sts = await startStsServer(Date.now);
  process.env.AWS_ENDPOINT_URL_STS = sts.endpoint;
  const tenantOf = ({ name }: Tenant) => [
    name,
    {
      roleArn: `arn:aws:iam::123456789012:role/${name}x`,
      buckets: [`lake/${name}/`, "lake/common/"],
    },
  ];
  server = await startPolicyServer(
    {
      auth: {
        modes: ["api_key"],
        apiKeys: tenants.map(({ name, key }) => ({
          id: name,
          tenant: name,
          keys: [`sha256:${createHash("sha256").update(String(key["x-api-key"])).digest("hex")}`],
        })),
      },
      tenants: Object.fromEntries(tenants.map(tenantOf)),
      rbac: { file: join(folder, "policy.json") },
      limits: { ratePerSecond: "unlimited", perDay: "unlimited" },
      audit: { journalDir: join(folder, "journal") },
    },
    {},
    { afterMs: 1, timeoutMs: 60_000, keepMs: 60_000 },
    createLog({ level: "info", write: (line) => logged.push(line) }),
  );
  tellOfChanges(server.front, server.deps.access);
  for (const { name, canary } of tenants) {
    await server.s3.put("lake", `${name}/data.csv`, `id,word\n1,${canary}\n2,plain\n`);
    await server.s3.put("lake", `${name}/secret.csv`, `id,word\n1,${canary}\n`);
    await server.s3.put("lake", `${name}/note.txt`, `This is the note of ${canary}. It says little.`);
  }
  await server.s3.put("lake", "common/data.csv", "id,word\n1,common\n");
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_STS;
  await server?.stop();
  await sts?.stop();
  await rm(folder, { recursive: true, force: true });
});

const tasks = {
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

async function ask({ key }: Tenant, method: string, params: Record<string, unknown>): Promise<RpcAnswer> {
  const { body, headers } = modernRequest(method, params);
  return postMcp(server.adapter, body, { ...headers, ...key });
}

/** Asks for progress and for every log message. */
const call = (tenant: Tenant, name: string, given: Record<string, unknown>, more = {}) => {
  const told = { progressToken: tenant.name, "io.modelcontextprotocol/logLevel": "debug" };
  return ask(tenant, "tools/call", { name, arguments: given, _meta: { ...told, ...more } });
};

/** One way to ask. `canary`: its answer must hold the tenant's own. Gives every message that came back. */
interface Way {
  canary: boolean;
  run(tenant: Tenant, other: Tenant): Promise<unknown>;
}

const file = ({ name }: Tenant, of = "data.csv") => `s3://lake/${name}/${of}`;

const ways: Record<string, Way> = {
  list: { canary: false, run: (t) => call(t, "lake_list_objects", { uri: `s3://lake/${t.name}/` }) },
  "list bucket": { canary: false, run: (t) => call(t, "lake_list_objects", { uri: "s3://lake/" }) },
  metadata: { canary: false, run: (t) => call(t, "lake_get_metadata", { uri: file(t) }) },
  read: { canary: true, run: (t) => call(t, "lake_read_rows", { uri: file(t) }) },
  query: { canary: true, run: (t) => call(t, "lake_query", { sql: `SELECT word FROM '${file(t)}'` }) },
  "query by pattern": {
    canary: true,
    run: (t) => call(t, "lake_query", { sql: "SELECT word FROM 's3://lake/**/data.csv'" }),
  },
  profile: { canary: true, run: (t) => call(t, "lake_profile_dataset", { uri: file(t) }) },
  summarise: { canary: true, run: (t) => call(t, "lake_summarize_text", { uri: file(t, "note.txt") }) },
  complete: {
    canary: false,
    run: (t) =>
      ask(t, "completion/complete", {
        ref: { type: "ref/resource", uri: "sluice://lake/{+uri}" },
        argument: { name: "uri", value: "s3://lake/" },
      }),
  },
  resources: { canary: false, run: (t) => ask(t, "resources/list", {}) },
  resource: { canary: false, run: (t) => ask(t, "resources/read", { uri: `sluice://lake/${file(t)}` }) },
  "a file that all may read": {
    canary: false,
    run: (t) => call(t, "lake_read_rows", { uri: "s3://lake/common/data.csv" }),
  },
  task: { canary: true, run: task },
  session: { canary: true, run: session },
  "another's file": {
    canary: false,
    async run(t, other) {
      const answer = await call(t, "lake_read_rows", { uri: file(other, "secret.csv") });
      expect(answer.messages.at(-1)?.result?.structuredContent).toMatchObject({ code: "denied" });
      return answer;
    },
  },
};

/** A call that becomes a task, which another tenant asks for too. */
async function task(tenant: Tenant, other: Tenant): Promise<unknown> {
  const sql = `SELECT word, ${random(1e9)} AS n FROM '${file(tenant)}'`;
  const begun = await call(tenant, "lake_query", { sql }, tasks);
  const { taskId, resultType } = begun.messages.at(-1)?.result ?? {};
  if (resultType !== "task") return begun;
  for (;;) {
    const stolen = await ask(other, "tasks/get", { taskId, _meta: tasks });
    expect(stolen.messages.at(-1)?.error).toBeDefined();
    const found = await ask(tenant, "tasks/get", { taskId, _meta: tasks });
    if (found.messages.at(-1)?.result?.status !== "working") return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What came on the streams of sessions that belong to no request, by tenant. */
const heard = new Map<string, string>();
const streams = new AbortController();

/** Listens to a session's own stream until the test ends. */
async function listen({ name }: Tenant, headers: Record<string, string>): Promise<void> {
  const { body } = await get(headers, streams.signal);
  const read = async () => {
    for await (const bytes of body ?? [])
      heard.set(name, (heard.get(name) ?? "") + new TextDecoder().decode(bytes));
  };
  void read().catch(() => {});
}

function get(headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  const init = { headers: { ...headers, accept: "text/event-stream" }, ...(signal && { signal }) };
  return server.adapter.fetch(new Request("http://localhost/mcp", init));
}

/** A legacy session that logs and tells its progress, which another tenant tries to use, and to hear the rest of. */
async function session(tenant: Tenant, other: Tenant): Promise<unknown> {
  const headers = await openSession(server.adapter, "2025-11-25", tenant.key);
  await listen(tenant, headers);
  const say = (method: string, params: unknown, as = headers) =>
    postMcp(server.adapter, { jsonrpc: "2.0", id: 1, method, params }, as);
  await say("logging/setLevel", { level: "debug" });
  const params = {
    name: "lake_query",
    arguments: { sql: `SELECT word, ${random(1e9)} AS n FROM '${file(tenant)}'` },
    _meta: { progressToken: tenant.name },
  };
  const [answer, stolen] = await Promise.all([
    say("tools/call", params),
    say("tools/call", params, { ...headers, ...other.key }),
  ]);
  expect(stolen.status).toBe(404);
  const lastEventId = answer.eventIds[0] ?? "";
  expect(lastEventId).not.toBe("");
  const resume = (as: Record<string, string>) => get({ ...as, "last-event-id": lastEventId });
  expect((await resume({ ...headers, ...other.key })).status).toBe(404);
  const theirs = await openSession(server.adapter, "2025-11-25", other.key);
  expect((await resume(theirs)).status).toBe(400);
  const resumed = await readAnswer(await resume(headers));
  expect(JSON.stringify(resumed.messages)).toContain(tenant.canary);
  return [answer, resumed];
}

const random = createRandom(seed);

const crossings = createCrossings();

test(`no tenant of ${tenantCount} hears of another (seed ${seed})`, { timeout: 300_000 }, async () => {
  const jobs = tenants
    .flatMap((tenant, index) =>
      Object.entries(ways).map(([name, way]) => ({ name, way, tenant, index, order: random(1e9) })),
    )
    .sort((a, b) => a.order - b.order);
  const asked = jobs.map(({ name }) => name);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let job = jobs.pop(); job; job = jobs.pop()) {
        const { tenant, name, way, index } = job;
        const shift = 1 + random(tenantCount - 1);
        const answer = JSON.stringify(
          await way.run(tenant, tenants[(index + shift) % tenantCount] ?? tenant),
        );
        for (const [, method = ""] of answer.matchAll(/"method":"(notifications\/[^"]+)"/g))
          notified.push(method);
        crossings.look("answers", tenant.name, spokenOf(answer));
        expect(crossings.found, name).toEqual([]);
        if (way.canary) expect(answer, `${name} of ${tenant.name}`).toContain(tenant.canary);
      }
    }),
  );
  await everybodyIsToldOfAnotherPolicy();
  for (const [name, text] of heard) crossings.look("streams of sessions", name, spokenOf(text));
  expect([...new Set(notified)].sort()).toEqual(["notifications/message", "notifications/progress"]);
  checkKeys();
  await server.deps.audit?.close();
  const records = await journalLines(join(folder, "journal"));
  expect(records.length).toBeGreaterThan(tenantCount * 10);
  expect(logged.length).toBeGreaterThan(tenantCount * 10);
  for (const [place, lines] of Object.entries({ "audit records": records, "log lines": logged }))
    for (const line of lines) crossings.look(place, JSON.parse(line).tenant, spokenOf(line));
  expect(crossings.found).toEqual([]);
  expect(records.filter((line) => spokenOf(line).length > 0).length).toBeGreaterThan(tenantCount);
  tellFigures({
    tenants: tenantCount,
    ...counted("asked: ", asked),
    ...counted("came with answers: ", notified),
    ...crossings.figures(),
  });
});

/** Methods of what came with answers. */
const notified: string[] = [];

/** The one message that goes to all of them at once says nothing but that it changed. */
async function everybodyIsToldOfAnotherPolicy(): Promise<void> {
  await writeFile(join(folder, "policy.json"), policy({ "of-t0": { allow: ["lake_query"] } }));
  const told = () => [...heard.values()].filter((text) => text.includes("notifications/tools/list_changed"));
  await expect.poll(() => told().length, { timeout: 30_000 }).toBe(tenantCount);
  streams.abort();
  for (const text of told()) {
    const methods = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => JSON.parse(data));
    for (const message of methods)
      expect(message).toEqual({
        jsonrpc: "2.0",
        method: expect.stringMatching(/^notifications\/\w+\/list_changed$/),
      });
  }
}

/** Every request was signed with the role of the tenant whose prefix it names; what all may read, each fetched itself. */
function checkKeys(): void {
  const signed = signedRequests(server.s3.requests);
  const named = signed.filter(({ prefix }) => prefix !== undefined);
  expect(named.length).toBeGreaterThan(tenantCount);
  for (const { prefix, tenant } of named)
    crossings.look("requests to S3, by their role", tenant, [prefix ?? ""]);
  expect(crossings.found).toEqual([]);
  const ofCommon = signed.filter(({ method, url }) => method === "GET" && url.includes("common/data.csv"));
  expect(new Set(ofCommon.map(({ tenant }) => tenant)).size).toBe(tenantCount);
}
