import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { program } from "../harness/cli.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { restEvent } from "../harness/lambda-function.ts";
import { modernRequest } from "../harness/rpc.ts";

const run = promisify(execFile);
const bundle = pathToFileURL(join(dirname(program), "lambda.js")).href;
const arn = "arn:aws:iam::123456789012:role/analyst";
let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
  await mkdir(join(user.cwd, "data"));
  await writeFile(join(user.cwd, "data", "a.csv"), "city,people\nUlm,126000\nBonn,336000\n");
});
afterAll(() => user.remove());

/** Invokes the bundle's handler with each event, as the runtime of Lambda does. */
async function invoke(events: unknown[], env: Record<string, string>) {
  const script = `
    const { handler } = await import(${JSON.stringify(bundle)});
    const context = { getRemainingTimeInMillis: () => 29000 };
    for (const event of ${JSON.stringify(events)}) console.log(JSON.stringify(await handler(event, context)));
    process.exit();`;
  const options = { cwd: user.cwd, env: { HOME: "/nowhere", PATH: process.env.PATH ?? "", ...env } };
  return run(process.execPath, ["--input-type=module", "-e", script], options);
}

test("the bundle answers a signed request from REST API to query worker, and an unsigned one not", async () => {
  const args = { sql: `SELECT sum(people) AS people FROM '${join(user.cwd, "data", "a.csv")}'` };
  const { body, headers } = modernRequest("tools/call", { name: "lake_query", arguments: args });
  const accept = "application/json, text/event-stream";
  const request = {
    headers: { "content-type": "application/json", accept, ...headers },
    body: JSON.stringify(body),
  };
  const userArn = "arn:aws:sts::123456789012:assumed-role/analyst/ada";
  const { stdout } = await invoke([restEvent(request, { userArn }), restEvent(request)], {
    SLUICE_AUTH_MODES: "iam",
    SLUICE_AUTH_IAM_CLIENTS: JSON.stringify([{ arn }]),
    SLUICE_LAKE_LOCAL_ROOTS: `data=${join(user.cwd, "data")}`,
    XDG_CACHE_HOME: join(user.home, "cache"),
  });
  const [signed, unsigned] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(signed.statusCode).toBe(200);
  expect(signed.body).toContain("462000");
  expect(unsigned.statusCode).toBe(401);
});

test("a function that would ask nobody does not start", async () => {
  await expect(invoke([], {})).rejects.toThrow("auth.modes asks nobody who they are");
});

test("a server that listens itself refuses iam, and says where it works", async () => {
  const clients = `--auth.iam.clients=${JSON.stringify([{ arn }])}`;
  const { code, stderr } = await user.sluice(["serve", "--auth.modes", "iam", clients]);
  expect(code).toBe(2);
  expect(stderr).toContain("iam works behind API Gateway alone");
});
