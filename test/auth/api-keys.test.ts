import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { key } from "../../src/commands/key.ts";
import { callOver, requestOver } from "../harness/call-over.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { openSession, postMcp } from "../harness/rpc.ts";
import { recordingTerminal } from "../harness/terminal.ts";

let server: GuardedServer;
let folder: string;
let adas: string;
const bobs = "bobs-key-of-some-length-4711";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-keys-"));
  await writeFile(join(folder, "bob"), `${bobs}\n`);
  const made = await makeKey();
  adas = made.key;
  server = await startGuardedServer({
    modes: ["api_key"],
    apiKeys: [
      { id: "ada", tenant: "acme", roles: ["admin"], keys: [made.hash] },
      { id: "bob", tenant: "acme", keys: [`secret://file${folder}/bob`] },
    ],
  });
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

/** As `sluice key` makes it. */
async function makeKey(): Promise<{ key: string; hash: string }> {
  const terminal = recordingTerminal();
  await key.run({ json: true, positionals: {} }, { terminal, argv: [] });
  return JSON.parse(terminal.outLines.join(""));
}

const ada = () => ({ "x-api-key": adas });
const bob = { "x-api-key": bobs };
const adapter = {
  fetch: (request: Request) => fetch(request.url.replace("http://localhost", server.url), request),
};

test("a key that was just made, and one kept in a file, say who calls", async () => {
  expect((await callOver(server.url, "echo_whoami", {}, ada())).output).toEqual({
    id: "key:ada",
    tenantId: "acme",
    roles: ["admin"],
    via: "api_key",
  });
  expect((await callOver(server.url, "echo_whoami", {}, bob)).output).toMatchObject({ id: "key:bob" });
});

test("one key twice is refused: of one caller as a change of keys that changed nothing", async () => {
  const bobsHash = (await makeKey()).hash;
  await writeFile(join(folder, "twin"), `${bobsHash}\n`);
  const starting = (...apiKeys: object[]) => startGuardedServer({ modes: ["api_key"], apiKeys });
  const twins = [bobsHash, `secret://file${folder}/twin`];
  await expect(starting({ id: "bob", keys: twins })).rejects.toThrow("both keys of bob are the same");
  await expect(starting({ id: "ada", keys: [bobsHash] }, { id: "bob", keys: [bobsHash] })).rejects.toThrow(
    "it would be of two callers",
  );
});

test("no key and a wrong one are refused, and neither is in the log", async () => {
  for (const credentials of [
    {},
    { "x-api-key": "not-a-key-of-this-server" },
    { authorization: `Bearer ${adas}` },
  ]) {
    const { status, headers } = await callOver(
      server.url,
      "echo_whoami",
      {},
      credentials as Record<string, string>,
    );
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toBe('ApiKey realm="sluice", header="x-api-key"');
  }
  expect(server.logged.join("")).toContain('"reason":"unknown key"');
  expect(server.logged.join("")).not.toContain("not-a-key-of-this-server");
});

test("the line of a refused caller bears the id of its trace", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { "x-api-key": "nobodys-key-of-some-length", traceparent },
  });
  expect(response.status).toBe(401);
  expect(JSON.parse(server.logged.at(-1) ?? "")).toMatchObject({
    event: "caller refused",
    correlationId: traceId,
  });
});

test("where no tokens are taken there is no metadata of them", async () => {
  expect((await fetch(`${server.url}/.well-known/oauth-protected-resource`)).status).toBe(404);
});

test("a legacy session is its opener's: to anybody else of the tenant it is not there", async () => {
  const session = await openSession(adapter, "2025-11-25", ada());
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  expect((await postMcp(adapter, ping, session)).status).toBe(200);
  expect((await postMcp(adapter, ping, { ...session, ...bob })).status).toBe(404);
  const { "x-api-key": _, ...keyless } = session;
  expect((await postMcp(adapter, ping, keyless)).status).toBe(401);
  for (const method of ["GET", "DELETE"]) {
    const headers = { ...session, ...bob, accept: "text/event-stream" };
    expect((await fetch(`${server.url}/mcp`, { method, headers })).status, method).toBe(404);
  }
  expect((await postMcp(adapter, ping, session)).status).toBe(200);
});

test("a task is its opener's", async () => {
  const _meta = {
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
  };
  const args = { steps: 300, stepMs: 10 };
  const opened = await requestOver(
    server.url,
    "tools/call",
    { name: "echo_slowly", arguments: args, _meta },
    ada(),
  );
  const taskId = opened.messages.at(-1)?.result?.taskId;
  expect(taskId).toBeTypeOf("string");
  const ask = async (method: string, credentials: Record<string, string>) =>
    (await requestOver(server.url, method, { taskId, _meta }, credentials)).messages.at(-1);
  expect((await ask("tasks/get", ada()))?.result).toMatchObject({ status: "working" });
  expect((await ask("tasks/get", bob))?.error).toBeDefined();
  expect((await ask("tasks/cancel", bob))?.error).toBeDefined();
  expect((await ask("tasks/get", ada()))?.result).toMatchObject({ status: "working" });
  expect((await ask("tasks/cancel", ada()))?.error).toBeUndefined();
});

test("the hash of a key that is already in use can be had", async () => {
  const terminal = recordingTerminal({ input: `${adas}\n` });
  await key.run({ hash: true, json: true, positionals: {} }, { terminal, argv: [] });
  const { hash, ...rest } = JSON.parse(terminal.outLines.join(""));
  expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(rest).toEqual({});
});
