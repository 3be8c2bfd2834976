import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOver } from "../harness/call-over.ts";
import { startGuardedServer } from "../harness/guarded-server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-module-"));
});
afterAll(() => rm(folder, { recursive: true }));

let written = 0;
async function moduleOf(text: string): Promise<string> {
  const path = join(folder, `auth-${written++}.mjs`);
  await writeFile(path, text);
  return path;
}

const asks = (answer: string) => moduleOf(`export default { async authenticate(request) { ${answer} } };`);

async function answerOf(answer: string, credentials: Record<string, string> = {}) {
  const server = await startGuardedServer({ modes: ["module"], module: await asks(answer) });
  try {
    return {
      ...(await callOver(server.url, "echo_whoami", {}, credentials)),
      logged: server.logged.join(""),
    };
  } finally {
    await server.close();
  }
}

test("a module says who calls, by any header it knows how to check", async () => {
  const { output } = await answerOf(
    'return { principal: { id: request.headers["x-ticket"], tenantId: "acme", roles: [request.method, request.path] } };',
    { "X-Ticket": "t-1" },
  );
  expect(output).toEqual({ id: "module:t-1", tenantId: "acme", roles: ["POST", "/mcp"], via: "module" });
});

test("a refusal's reason is for the log alone", async () => {
  const answer = await answerOf('return { refused: true, reason: "ticket 12 is used" };');
  expect(answer.status).toBe(401);
  expect(answer.headers.get("www-authenticate")).toBe('Sluice realm="sluice"');
  expect(JSON.stringify(answer.messages)).not.toContain("ticket 12");
  expect(answer.logged).toContain("ticket 12 is used");
});

test.each([
  "return undefined;",
  "return true;",
  'return "ada";',
  "return { principal: true };",
  "return { principal: {} };",
  'return { principal: { id: "ada" } };',
  'return { principal: { id: "", tenantId: "acme" } };',
  'return { principal: { id: "a".repeat(300), tenantId: "acme" } };',
  'return { principal: { id: "ada\\nroot", tenantId: "acme" } };',
  'return { principal: { id: "ada", tenantId: 7 } };',
  'return { principal: { id: "ada", tenantId: "acme", roles: "admin" } };',
  'return { principal: { id: "ada", tenantId: "acme", via: "local" } };',
  'return { principal: { id: "ada", tenantId: "acme" }, refused: true };',
  "return { refused: false };",
  'throw new Error("the directory is down");',
  'return { get principal() { throw new Error("no"); } };',
  'request.headers.authorization = "x"; return { principal: { id: "ada", tenantId: "acme" } };',
  'return new Proxy({}, { get() { throw new Error("no"); }, ownKeys() { throw new Error("no"); } });',
])("%s lets nobody in", async (answer) => {
  const { status, messages } = await answerOf(answer);
  expect(status).toBe(401);
  expect(messages[0]?.error?.message).toBe("The credentials are not accepted.");
});

test.each([
  ["export const authenticate = () => {};", "no default export"],
  ["export default {};", "no default export"],
  ["export default 7;", "no default export"],
  ["export default {", "auth.module"],
])("%s stops the start", async (text, says) => {
  const starting = startGuardedServer({ modes: ["module"], module: await moduleOf(text) });
  await expect(starting).rejects.toThrow(says);
});

test("a module that is missing stops the start", async () => {
  const starting = startGuardedServer({ modes: ["module"], module: join(folder, "missing.mjs") });
  await expect(starting).rejects.toThrow("missing.mjs");
});

test("beside another mode the module is asked only where that one's evidence is missing", async () => {
  const server = await startGuardedServer({
    modes: ["api_key", "module"],
    apiKey: "a-key-of-some-length-4711",
    module: await asks('return { principal: { id: "any", tenantId: "acme" } };'),
  });
  const as = (credentials: Record<string, string>) => callOver(server.url, "echo_whoami", {}, credentials);
  expect((await as({ "x-api-key": "a-key-of-some-length-4711" })).output).toMatchObject({
    id: "key:default",
  });
  expect((await as({ "x-api-key": "wrong" })).status).toBe(401);
  expect((await as({})).output).toMatchObject({ id: "module:any" });
  await server.close();
});
