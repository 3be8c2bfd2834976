import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { digestOfKey } from "../../src/auth/api-keys.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { audience, type OidcServer, startOidcServer } from "../harness/oidc-server.ts";

let oidc: OidcServer;
let server: GuardedServer;
beforeAll(async () => {
  oidc = await startOidcServer();
});
afterEach(() => server.close());
afterAll(() => oidc.close());

const key = "ada-0123456789abcdef0123456789abcdef";
const keys = { apiKeys: [{ id: "ada", keys: [`sha256:${digestOfKey(key).toString("hex")}`] }] };
const tokens = () => ({ resource: audience, jwt: { issuer: oidc.issuer, scopes: ["mcp/invoke"] } });
const metadata = "https://sluice.example.org/.well-known/oauth-protected-resource/mcp";
const bearer = `Bearer resource_metadata="${metadata}", scope="mcp/invoke"`;
const ofKeys = 'ApiKey realm="sluice", header="x-api-key"';

const ask = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(server.url + path, { method: "POST", headers });
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    body: (await response.json()) as Record<string, unknown>,
  };
};

test("a caller without credentials learns of every mode: tokens first, where clients look for them", async () => {
  server = await startGuardedServer({ modes: ["api_key", "jwt"], ...keys, ...tokens() });
  const accepts = [
    { mode: "api_key", header: "x-api-key" },
    { mode: "jwt", header: "authorization", resourceMetadata: metadata },
  ];
  expect(await ask("/mcp")).toEqual({
    status: 401,
    challenge: `${bearer}, ${ofKeys}`,
    body: {
      jsonrpc: "2.0",
      id: null,
      error: { code: -32000, message: "Credentials are missing.", data: { accepts, requires: [] } },
    },
  });
  expect((await ask("/summarize")).body).toMatchObject({ status: 401, accepts, requires: [] });
  const document = await fetch(metadata.replace("https://sluice.example.org", server.url));
  expect(document.status).toBe(200);
});

test("only who brought a token is told that a token is wrong", async () => {
  server = await startGuardedServer({ modes: ["api_key", "jwt"], ...keys, ...tokens() });
  const wrong = `${bearer}, error="invalid_token", ${ofKeys}`;
  expect((await ask("/mcp", { authorization: "Bearer a.b.c" })).challenge).toBe(wrong);
  expect((await ask("/mcp", { "x-api-key": "unknown" })).challenge).toBe(`${bearer}, ${ofKeys}`);
  expect((await ask("/mcp", { "x-api-key": key, authorization: "Bearer a.b.c" })).challenge).toBe(wrong);
});

test("without tokens there is no challenge for any, and nothing of an issuer", async () => {
  server = await startGuardedServer({ modes: ["api_key"], ...keys });
  const { challenge, body } = await ask("/mcp");
  expect(challenge).toBe(ofKeys);
  expect(body).toMatchObject({ error: { data: { accepts: [{ mode: "api_key", header: "x-api-key" }] } } });
  expect((await fetch(`${server.url}/.well-known/oauth-protected-resource`)).status).toBe(404);
});

test("what is accepted is said alike to whoever asks, and names no caller, key or issuer", async () => {
  server = await startGuardedServer({ modes: ["api_key", "jwt"], ...keys, ...tokens() });
  const [missing, invalid] = [await ask("/mcp"), await ask("/mcp", { "x-api-key": "x".repeat(500) })];
  const dataOf = ({ body }: typeof missing) => (body.error as { data: unknown }).data;
  expect(dataOf(invalid)).toEqual(dataOf(missing));
  expect(JSON.stringify(invalid)).not.toMatch(/"ada|ada-|127\.0\.0\.1|sha256|xxx/);
});
