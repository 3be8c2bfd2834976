import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { type LeakyServer, leakyPostgres, leakyS3 } from "../harness/leaky-servers.ts";
import { modernRequest } from "../harness/rpc.ts";

/** A secret of this test, known wherever it turns up. */
const canary = (name: string) => `canary-${name}-5f2c9b7e4d1a8036`;
const accessKey = "AKIACANARYCANARYCANA";

/** Of the server: no caller may see them either. */
const serverSecrets = [
  accessKey,
  ...["aws-secret", "aws-session", "pg-password", "tasks-key", "ops-key", "words"].map(canary),
];
/** Of whoever calls: not to be kept. */
const callerSecrets = [
  "header-key",
  "bearer",
  "cookie",
  "argument",
  "presigned",
  "url-password",
  "token",
].map(canary);

const careless = `failed for password=${canary("words")} at postgresql://ada:${canary("words")}@db/x with ${accessKey}`;

let user: CliHome;
let [s3, postgres]: LeakyServer[] = [];
beforeAll(async () => {
  [user, s3, postgres] = await Promise.all([createCliHome(), leakyS3(careless), leakyPostgres(careless)]);
});
afterAll(async () => {
  s3?.close();
  postgres?.close();
  await user.remove();
});

async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "latin1")))).join(
    "\n",
  );
}

test("secrets of settings, headers, arguments and other systems' errors are in no log, record or answer", async () => {
  const digest = createHash("sha256").update(canary("ops-key")).digest("hex");
  const settings = {
    lake: { buckets: ["data"], s3: { endpoint: `http://127.0.0.1:${s3?.port}`, region: "eu-central-1" } },
    auth: { modes: ["api_key"], apiKeys: [{ id: "ops", keys: [`sha256:${digest}`], roles: ["monitoring"] }] },
    tasks: { key: `${canary("tasks-key")}-and-long-enough` },
    telemetry: { metrics: "authenticated", metricsRoles: ["monitoring"] },
    log: { level: "trace" },
    audit: {
      journalDir: "journal",
      sinks: ["postgresql"],
      postgresql: { url: `postgresql://sluice:${canary("pg-password")}@127.0.0.1:${postgres?.port}/audit` },
    },
  };
  await writeFile(join(user.cwd, "sluice.yaml"), JSON.stringify(settings));
  const env = {
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: canary("aws-secret"),
    AWS_SESSION_TOKEN: canary("aws-session"),
  };
  const server = user.start(["serve", "--port", "0"], { env });
  const [, url = ""] = await server.waitFor(/serves MCP on (\S+)\/mcp/);
  const answers: string[] = [];
  const ask = async (name: string, args: unknown, headers: Record<string, string> = {}) => {
    const { body, headers: own } = modernRequest("tools/call", { name, arguments: args });
    const accept = "application/json, text/event-stream";
    const good = { "x-api-key": canary("ops-key"), cookie: `session=${canary("cookie")}` };
    const response = await fetch(`${url}/mcp`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { ...own, "content-type": "application/json", accept, ...good, ...headers },
    });
    answers.push(await response.text());
  };
  await ask("lake_list_objects", { bucket: "data" });
  await ask("lake_list_objects", { uri: "s3://data/" });
  await ask("lake_read_rows", { uri: `s3://data/a.csv?X-Amz-Signature=${canary("presigned")}` });
  await ask("lake_read_rows", { uri: `https://ada:${canary("url-password")}@example.org/a.csv` });
  await ask("lake_query", { sql: `SELECT 1 -- password='${canary("argument")}'` });
  await ask("lake_query", {
    sql: "SELECT 1",
    password: canary("argument"),
    confirmationToken: canary("token"),
  });
  await ask("lake_query", { sql: `SELECT * FROM 's3://data/x' WHERE token = '${canary("token")}'` });
  await ask("lake_query", { sql: "SELECT 1" }, { "x-api-key": canary("header-key") });
  await ask("lake_query", { sql: "SELECT 1" }, { authorization: `Bearer ${canary("bearer")}` });
  for (const path of ["/metrics", "/health/ready"])
    answers.push(
      await (await fetch(`${url}${path}`, { headers: { "x-api-key": canary("ops-key") } })).text(),
    );
  await expect.poll(() => postgres?.asked()).toBeGreaterThan(0);
  await expect.poll(() => server.stderr()).toContain("audit sink fails");
  server.child.kill("SIGTERM");
  const { stdout, stderr } = await server.ended;

  expect(s3?.asked()).toBeGreaterThan(0);
  const recorded = await filesIn(join(user.cwd, "journal"));
  expect(recorded).toContain('"tool":"lake_query"');
  const kept = `${stdout}\n${stderr}\n${recorded}`;
  const held = [...serverSecrets, ...callerSecrets].filter((secret) => kept.includes(secret));
  expect(held, held.map((secret) => lineWith(kept, secret)).join("\n")).toEqual([]);
  expect(serverSecrets.filter((secret) => answers.join("\n").includes(secret))).toEqual([]);
  // Every line of the log is one event.
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty("event");
}, 60_000);

function lineWith(text: string, part: string): string | undefined {
  return text
    .split("\n")
    .find((line) => line.includes(part))
    ?.slice(0, 2_000);
}
