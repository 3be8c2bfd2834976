import { afterAll, beforeAll, expect, test } from "vitest";
import { checkIdentity } from "../../src/commands/doctor/identity.ts";
import { callOver } from "../harness/call-over.ts";
import { type GuardedServer, settingsOf, startGuardedServer } from "../harness/guarded-server.ts";
import { audience, type OidcServer, startOidcServer } from "../harness/oidc-server.ts";

let oidc: OidcServer;
let server: GuardedServer;
beforeAll(async () => {
  oidc = await startOidcServer();
  server = await startGuardedServer({
    modes: ["jwt"],
    resource: audience,
    jwt: { issuer: oidc.issuer, scopes: ["mcp/invoke"], claims: { roles: "cognito:groups" } },
  });
});
afterAll(() => Promise.all([server.close(), oidc.close()]));

test("a client finds out where to get a token, gets one, and calls", async () => {
  const refused = await fetch(`${server.url}/mcp`, { method: "POST", body: "{}" });
  expect(refused.status).toBe(401);
  const challenge = refused.headers.get("www-authenticate") ?? "";
  expect(challenge).toBe(
    'Bearer resource_metadata="https://sluice.example.org/.well-known/oauth-protected-resource/mcp", scope="mcp/invoke"',
  );
  const [, at = ""] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  for (const path of [new URL(at).pathname, "/.well-known/oauth-protected-resource"]) {
    expect(await (await fetch(server.url + path)).json()).toEqual({
      resource: audience,
      authorization_servers: [oidc.issuer],
      scopes_supported: ["mcp/invoke"],
      bearer_methods_supported: ["header"],
      resource_name: "Sluice",
    });
  }
  const token = await oidc.grant({ scope: "mcp/invoke reports", resource: audience });
  const { status, output } = await callOver(
    server.url,
    "echo_whoami",
    {},
    { authorization: `Bearer ${token}` },
  );
  expect({ status, output }).toEqual({
    status: 200,
    output: { id: "jwt:agent", tenantId: "default", roles: [], via: "jwt" },
  });
});

test("a token without the scope is told which it needs", async () => {
  const token = await oidc.grant({ scope: "reports", resource: audience });
  const { status, headers } = await callOver(
    server.url,
    "echo_whoami",
    {},
    { authorization: `Bearer ${token}` },
  );
  expect(status).toBe(403);
  expect(headers.get("www-authenticate")).toContain('scope="mcp/invoke", error="insufficient_scope"');
});

test("a token for another server is refused", async () => {
  const token = await oidc.grant({ scope: "mcp/invoke", resource: "https://other.example.org/mcp" });
  const { status, headers } = await callOver(
    server.url,
    "echo_whoami",
    {},
    { authorization: `Bearer ${token}` },
  );
  expect(status).toBe(401);
  expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
});

test("roles come from the claim the settings name", async () => {
  const token = await oidc.sign({ claims: { "cognito:groups": ["analysts"] } });
  const { output } = await callOver(server.url, "echo_whoami", {}, { authorization: `Bearer ${token}` });
  expect(output).toMatchObject({ id: "jwt:ada", roles: ["analysts"] });
});

test("/health is open, /health/ready says no more than that, and /summarize wants a token as /mcp does", async () => {
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(await (await fetch(`${server.url}/health/ready`)).json()).toEqual({ status: "ready" });
  const summary = await fetch(`${server.url}/summarize`, { method: "POST", body: "{" });
  expect(summary.status).toBe(401);
  expect(summary.headers.get("content-type")).toBe("application/problem+json");
  const token = await oidc.grant({ scope: "mcp/invoke", resource: audience });
  const known = await fetch(`${server.url}/summarize`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: "{",
  });
  expect(known.status).toBe(400);
});

test("who calls is known before a byte of the body has come", async () => {
  const { request } = await import("node:http");
  for (const path of ["/mcp", "/summarize"]) {
    const sending = request(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
    });
    sending.on("error", () => {});
    sending.flushHeaders();
    const status = await new Promise((resolve) =>
      sending.on("response", ({ statusCode }) => resolve(statusCode)),
    );
    expect(status, path).toBe(401);
    sending.destroy();
  }
});

test("the doctor asks the issuer for its keys, and says what keeps serve from starting", async () => {
  const given = { modes: ["jwt"], resource: audience, jwt: { issuer: oidc.issuer } };
  const look = async (auth: unknown, http: unknown = {}) => checkIdentity(await settingsOf(auth, http));
  expect(await look(given)).toMatchObject([
    { status: "ok", message: "callers over HTTP are asked for jwt" },
    { status: "ok", message: `${oidc.issuer} gives 1 keys` },
  ]);
  const other = await look({ ...given, jwt: { issuer: `${oidc.issuer}/` } });
  expect(other[1]).toMatchObject({ status: "failed", message: expect.stringContaining("of another issuer") });
  oidc.isDown = true;
  expect((await look(given))[1]).toMatchObject({ status: "failed", message: expect.stringContaining("503") });
  oidc.isDown = false;
  expect(await look({}, { host: "0.0.0.0" })).toMatchObject([{ status: "failed" }]);
  expect(await look({ apiKey: "short" })).toMatchObject([{ status: "failed" }]);
  expect(await look({})).toEqual([]);
});
