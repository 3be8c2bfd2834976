import { createSecretKey } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, importJWK } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOver } from "../harness/call-over.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { audience, type OidcServer, startOidcServer, type Token } from "../harness/oidc-server.ts";

let oidc: OidcServer;
let server: GuardedServer;
beforeAll(async () => {
  oidc = await startOidcServer();
  server = await startGuardedServer(settings());
});
afterAll(() => Promise.all([server.close(), oidc.close()]));

function settings() {
  return {
    modes: ["jwt"],
    resource: audience,
    jwt: {
      issuer: oidc.issuer,
      clientIds: ["agent"],
      scopes: ["mcp/invoke"],
      claims: { tenant: "tenant", roles: "groups" },
    },
  };
}

const good = { claims: { tenant: "acme" } };
const present = (token: string, more: Record<string, string> = {}, at = server) =>
  callOver(at.url, "echo_whoami", {}, { authorization: `Bearer ${token}`, ...more });
const nowS = () => Math.floor(Date.now() / 1000);
const plain = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");

test("a good token is let in", async () => {
  expect((await present(await oidc.sign(good))).output).toMatchObject({ id: "jwt:ada", tenantId: "acme" });
});

const forged: [string, () => Promise<Token | string>][] = [
  [
    "alg none",
    async () => {
      const [, claims] = (await oidc.sign(good)).split(".");
      return `${plain({ alg: "none", kid: "first", typ: "at+jwt" })}.${claims}.`;
    },
  ],
  [
    "alg none with a signature of something else",
    async () => {
      const [, claims, signature] = (await oidc.sign(good)).split(".");
      return `${plain({ alg: "none", kid: "first", typ: "at+jwt" })}.${claims}.${signature}`;
    },
  ],
  [
    "claims changed under their signature",
    async () => {
      const [header, claims = "", signature] = (await oidc.sign(good)).split(".");
      const changed = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), sub: "root" };
      return `${header}.${plain(changed)}.${signature}`;
    },
  ],
  [
    "HS256 with the public key as PEM",
    async () => {
      const publicKey = await importJWK(oidc.publicJwk, "RS256", { extractable: true });
      const pem = await exportSPKI(publicKey as Parameters<typeof exportSPKI>[0]);
      const secret = createSecretKey(Buffer.from(pem)).export();
      return { ...good, header: { alg: "HS256" }, key: secret };
    },
  ],
  [
    "HS256 with the modulus of the public key",
    async () => ({
      ...good,
      header: { alg: "HS256" },
      key: Buffer.from(oidc.publicJwk.n ?? "", "base64url"),
    }),
  ],
  [
    "another key under the known kid",
    async () => ({ ...good, key: (await generateKeyPair("RS256")).privateKey }),
  ],
  [
    "a key of its own in the header",
    async () => {
      const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
      return { ...good, header: { jwk: await exportJWK(publicKey), kid: "mine" }, key: privateKey };
    },
  ],
  ["a kid that is a path", async () => ({ ...good, header: { kid: "../../../../dev/null" } })],
  ["a kid that is SQL", async () => ({ ...good, header: { kid: "x' UNION SELECT 'key" } })],
  ["a kid of a prototype", async () => ({ ...good, header: { kid: "__proto__" } })],
  ["an extension nobody knows", async () => ({ ...good, header: { crit: ["x-own"], "x-own": true } })],
  ["an issuer with one slash more", async () => ({ claims: { ...good.claims, iss: `${oidc.issuer}/` } })],
  ["an issuer in capitals", async () => ({ claims: { ...good.claims, iss: oidc.issuer.toUpperCase() } })],
  ["no issuer", async () => ({ claims: { ...good.claims, iss: undefined } })],
  ["another audience", async () => ({ claims: { ...good.claims, aud: "https://sluice.example.org" } })],
  ["an audience with a slash more", async () => ({ claims: { ...good.claims, aud: `${audience}/` } })],
  [
    "no audience of another client",
    async () => ({ claims: { ...good.claims, aud: undefined, client_id: "x" } }),
  ],
  ["another client", async () => ({ claims: { ...good.claims, client_id: "other-agent" } })],
  ["no client", async () => ({ claims: { ...good.claims, client_id: undefined } })],
  ["60 s past its end", async () => ({ claims: { ...good.claims, exp: nowS() - 60 } })],
  ["60 s before its beginning", async () => ({ claims: { ...good.claims, nbf: nowS() + 60 } })],
  ["no end", async () => ({ claims: { ...good.claims, exp: undefined } })],
  ["an end in words", async () => ({ claims: { ...good.claims, exp: "tomorrow" } })],
  ["Cognito's ID token", async () => ({ claims: { ...good.claims, token_use: "id" } })],
  ["Keycloak's ID token", async () => ({ header: { typ: "JWT" }, claims: { ...good.claims, typ: "ID" } })],
  [
    "an ID token for this very audience",
    async () => ({
      header: { typ: "JWT" },
      claims: { ...good.claims, client_id: undefined, azp: "agent", scope: undefined, nonce: "n" },
    }),
  ],
  [
    "an ID token that names scopes",
    async () => ({ header: { typ: "JWT" }, claims: { ...good.claims, at_hash: "77QmUPtjPfzWtF2AnpK9RQ" } }),
  ],
  ["a logout token", async () => ({ ...good, header: { typ: "logout+jwt" } })],
  ["no tenant", async () => ({})],
  ["an empty tenant", async () => ({ claims: { tenant: "" } })],
  ["a tenant that is a list", async () => ({ claims: { tenant: ["acme", "other"] } })],
  ["a tenant that hides a line", async () => ({ claims: { tenant: "acme\nother" } })],
  ["no subject", async () => ({ claims: { ...good.claims, sub: undefined } })],
  ["no JWT at all", async () => "abc"],
  ["a JWE", async () => "a.b.c.d.e"],
  ["nothing behind Bearer", async () => ""],
  ["thirteen thousand letters", async () => `${"A".repeat(12_000)}.${"A".repeat(1_000)}.A`],
];

const notAccepted = "The credentials are not accepted.";
test.each(forged)("%s is refused, in the one form there is", async (_what, forge) => {
  const made = await forge();
  const token = typeof made === "string" ? made : await oidc.sign(made);
  const { status, headers, messages } = await present(token);
  expect({ status, challenge: headers.get("www-authenticate"), messages }).toEqual({
    status: 401,
    challenge:
      'Bearer resource_metadata="https://sluice.example.org/.well-known/oauth-protected-resource/mcp", scope="mcp/invoke", error="invalid_token"',
    messages: [
      { jsonrpc: "2.0", id: null, error: expect.objectContaining({ code: -32000, message: notAccepted }) },
    ],
  });
  expect(server.logged.at(-1)).toContain('"event":"caller refused"');
  if (token.length > 20) expect(server.logged.join("")).not.toContain(token.slice(-20));
});

test.each([
  ["admin", ["admin"]],
  ["site admin", ["site admin"]],
  [
    ["admin", "site admin"],
    ["admin", "site admin"],
  ],
  [undefined, []],
])("the roles %j are %j", async (groups, roles) => {
  const { output } = await present(await oidc.sign({ claims: { ...good.claims, groups } }));
  expect(output).toMatchObject({ roles });
});

test.each([[{ admin: true }], [["reader", 7]], [["reader\nadmin"]], [true], [7]])(
  "the roles %j let nobody in",
  async (groups) => {
    const { status } = await present(await oidc.sign({ claims: { ...good.claims, groups } }));
    expect(status).toBe(401);
  },
);

test("a token signed with an algorithm the settings leave out is refused", async () => {
  const { jwt, ...rest } = settings();
  const own = await startGuardedServer({ ...rest, jwt: { ...jwt, algorithms: ["ES256", "PS256"] } });
  expect((await present(await oidc.sign(good), {}, own)).status).toBe(401);
  expect(own.logged.at(-1)).toContain("ERR_JOSE_ALG_NOT_ALLOWED");
  await own.close();
});

test("clocks may differ by half a minute", async () => {
  expect((await present(await oidc.sign({ claims: { ...good.claims, exp: nowS() - 20 } }))).status).toBe(200);
  expect((await present(await oidc.sign({ claims: { ...good.claims, nbf: nowS() + 20 } }))).status).toBe(200);
  expect((await present(await oidc.sign({ claims: { ...good.claims, exp: nowS() + 60 } }))).status).toBe(200);
});

test("keys are fetched from no place that a token names", async () => {
  const asked: string[] = [];
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "mine", alg: "RS256" }] };
  const evil = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end(JSON.stringify(keys));
  });
  await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
  for (const header of [{ jku: `${at}/jwks` }, { x5u: `${at}/cert` }, { jku: `${at}/jwks`, kid: "first" }]) {
    const token = await oidc.sign({ ...good, header: { kid: "mine", ...header }, key: privateKey });
    expect((await present(token)).status).toBe(401);
  }
  evil.close();
  expect(asked).toEqual([]);
});

test("a tenant, a role, a caller or a certificate by header is nobody's word", async () => {
  const { output } = await present(await oidc.sign(good), {
    "x-tenant-id": "other",
    "x-tenant": "other",
    "x-roles": "admin",
    "x-user": "root",
    "x-forwarded-user": "root",
    "x-amzn-oidc-identity": "root",
    "x-forwarded-client-cert": 'Subject="CN=root"',
    "x-client-cert": "root",
    "x-amzn-mtls-clientcert-subject": "CN=root",
    "ssl-client-verify": "SUCCESS",
  });
  expect(output).toEqual({ id: "jwt:ada", tenantId: "acme", roles: [], via: "jwt" });
  const alone = await callOver(
    server.url,
    "echo_whoami",
    {},
    {
      "x-forwarded-client-cert": 'Subject="CN=root"',
      "x-amzn-oidc-identity": "root",
      "x-api-key": "anything",
      cookie: `access_token=${await oidc.sign(good)}`,
    },
  );
  expect(alone.status).toBe(401);
  const inQuery = await fetch(`${server.url}/mcp?access_token=${await oidc.sign(good)}`, { method: "POST" });
  expect(inQuery.status).toBe(401);
});

test("a refusal takes as long whatever was wrong", async () => {
  const late = await oidc.sign({ claims: { ...good.claims, exp: nowS() - 600 } });
  const credentials = [{}, { authorization: "Bearer x" }, { authorization: `Bearer ${late}` }];
  for (const credential of credentials) {
    const startedMs = performance.now();
    await callOver(server.url, "echo_whoami", {}, credential as Record<string, string>);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(49);
  }
});

test("names of keys that nobody has cost the issuer one question, not one each", async () => {
  let nowMs = Date.now();
  const own = await startGuardedServer(settings(), { now: () => nowMs });
  expect((await present(await oidc.sign(good), {}, own)).status).toBe(200);
  const asked = () => oidc.asked.filter((path) => path.includes("jwks")).length;
  const before = asked();
  const [, claims, signature] = (await oidc.sign(good)).split(".");
  const tokens = Array.from(
    { length: 10_000 },
    (_, index) => `${plain({ alg: "RS256", kid: `random-${index}`, typ: "at+jwt" })}.${claims}.${signature}`,
  );
  nowMs += 31_000;
  const statuses = new Set<number>();
  const askNext = async (): Promise<void> => {
    for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${own.url}/mcp`, { method: "POST", headers });
      statuses.add(response.status);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 200 }, askNext));
  expect([...statuses]).toEqual([401]);
  expect(asked() - before).toBe(1);
  expect((await present(await oidc.sign(good), {}, own)).status).toBe(200);
  await own.close();
}, 120_000);

test("while the issuer is down known keys go on, and before any are known nobody is let in", async () => {
  let nowMs = Date.now();
  const own = await startGuardedServer(settings(), { now: () => nowMs });
  oidc.isDown = true;
  const unknown = await present(await oidc.sign(good), {}, own);
  expect({ status: unknown.status, retry: unknown.headers.get("retry-after") }).toEqual({
    status: 503,
    retry: "5",
  });
  oidc.isDown = false;
  nowMs += 3_000;
  expect((await present(await oidc.sign(good), {}, own)).status).toBe(200);
  oidc.isDown = true;
  for (const laterMs of [60_000, 3_600_000]) {
    nowMs += laterMs;
    const claims = { ...good.claims, exp: Math.floor(nowMs / 1000) + 60 };
    expect((await present(await oidc.sign({ claims }), {}, own)).status).toBe(200);
    expect((await present(await oidc.sign({ claims, header: { kid: "new" } }), {}, own)).status).toBe(401);
  }
  nowMs += 24 * 3_600_000;
  const claims = { ...good.claims, exp: Math.floor(nowMs / 1000) + 60 };
  expect((await present(await oidc.sign({ claims }), {}, own)).status).toBe(503);
  oidc.isDown = false;
  await own.close();
});
