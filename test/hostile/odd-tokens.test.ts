import { generateKeyPairSync, sign } from "node:crypto";
import { exportJWK } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOver } from "../harness/call-over.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { encodedPart, type KeyIssuer, nowSeconds, startKeyIssuer } from "../harness/key-issuer.ts";
import { audience } from "../harness/oidc-server.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const secret = Buffer.from("a secret that the issuer should never have published");

/** An issuer of which some keys are not what keys should be. */
async function startIssuer(): Promise<KeyIssuer> {
  const jwk = await exportJWK(publicKey);
  return startKeyIssuer([
    { ...jwk, kid: "first", alg: "RS256", use: "sig" },
    { kty: "oct", kid: "shared", alg: "HS256", k: secret.toString("base64url") },
    { kty: "oct", kid: "first", alg: "HS256", k: secret.toString("base64url") },
    { ...jwk, kid: "for-encryption", use: "enc" },
    { kty: "RSA", kid: "torn", alg: "RS256", n: "AQAB", e: "AQAB" },
    { kty: "none", kid: "none" },
  ]);
}

let issuer = "";
let provider: KeyIssuer;
let server: GuardedServer;
beforeAll(async () => {
  provider = await startIssuer();
  issuer = provider.issuer;
  server = await startGuardedServer({
    modes: ["jwt"],
    resource: audience,
    jwt: { issuer, claims: { tenant: "tenant", roles: "realm.roles" } },
  });
});
afterAll(async () => {
  await server.close();
  provider.close();
});

const goodHeader = { alg: "RS256", kid: "first", typ: "at+jwt" };
const good = () => ({
  ...{ iss: issuer, aud: audience, sub: "ada", exp: nowSeconds() + 300, tenant: "acme" },
  realm: { roles: ["reader"] },
});

/** Signed with the issuer's own key whatever it says: only what it says can be what is wrong with it. */
function signed(claims: unknown = good(), header: unknown = goodHeader): string {
  const what = `${encodedPart(header)}.${encodedPart(claims)}`;
  return `${what}.${sign("sha256", Buffer.from(what), privateKey).toString("base64url")}`;
}

const present = (token: string) =>
  callOver(server.url, "echo_whoami", {}, { authorization: `Bearer ${token}` });
const head = (more: Record<string, unknown>) => signed(good(), { ...goodHeader, ...more });
const claim = (more: Record<string, unknown>) => signed({ ...good(), ...more });
const text = (change: (json: string) => string) => signed(change(JSON.stringify(good())));

test("what is signed and says what it should is let in: the tokens below differ in one thing each", async () => {
  expect((await present(signed())).output).toEqual({
    id: "jwt:ada",
    tenantId: "acme",
    roles: ["reader"],
    via: "jwt",
  });
});

test.each<[string, () => string]>([
  ...[
    "nOnE",
    "None",
    "NONE",
    "",
    "HS256",
    "HS384",
    "rs256",
    "RS256 ",
    "RS512",
    "ES256",
    "EdDSA",
    "__proto__",
  ].map((alg): [string, () => string] => [`alg ${JSON.stringify(alg)}`, () => head({ alg })]),
  ["alg that is a list", () => head({ alg: ["RS256"] })],
  ["alg that is null", () => head({ alg: null })],
  ["no alg", () => head({ alg: undefined })],
  ["a shared secret that the issuer published", () => head({ alg: "HS256", kid: "shared" })],
  ["a kid of a key for encryption", () => head({ kid: "for-encryption" })],
  ["a kid of a key of no kind", () => head({ kid: "none" })],
  ["a kid that is a number", () => head({ kid: 1 })],
  ["a kid that is a list", () => head({ kid: ["first"] })],
  ["a kid that is an object", () => head({ kid: { toString: "first" } })],
  ["a kid of 4,000 characters", () => head({ kid: "k".repeat(4_000) })],
  ["a kid with NUL", () => head({ kid: "first\0" })],
  ["a kid that looks alike", () => head({ kid: "fir\u0455t" })],
  ["crit of nothing", () => head({ crit: [] })],
  ["crit of what is not there", () => head({ crit: ["exp"] })],
  ["crit that is a text", () => head({ crit: "b64" })],
  ["a payload that is not encoded", () => head({ b64: false, crit: ["b64"] })],
  ["a header that is a list", () => signed(good(), [goodHeader])],
  ["a header that is null", () => signed(good(), "null")],
  ["a header of deep lists", () => signed(good(), `${"[".repeat(3_000)}${"]".repeat(3_000)}`)],
  ["claims that are a list", () => signed([good()])],
  ["claims that are a text", () => signed('"ada"')],
  ["claims that are no JSON", () => signed('{"sub":')],
  ["exp that is infinite", () => text((json) => json.replace(/"exp":\d+/, '"exp":1e400'))],
  ["exp past every date", () => claim({ exp: 1e300 })],
  ["exp below zero", () => claim({ exp: -1 })],
  ["exp that is a list", () => claim({ exp: [nowSeconds() + 300] })],
  ["exp that is null", () => claim({ exp: null })],
  ["nbf in words", () => claim({ nbf: "0" })],
  ["nbf past the end of time", () => claim({ nbf: 1e300 })],
  ["an issuer that is a list", () => claim({ iss: [issuer] })],
  ["an audience that is an object", () => claim({ aud: { [audience]: true } })],
  ["an audience within a list within a list", () => claim({ aud: [[audience]] })],
  ["an audience with NUL", () => claim({ aud: `${audience}\0` })],
  ["a subject that is a number", () => claim({ sub: 7 })],
  ["a subject of 257 characters", () => claim({ sub: "a".repeat(257) })],
  ["a subject with NUL", () => claim({ sub: "ada\0" })],
  ["a subject that is half a character", () => text((json) => json.replace('"ada"', '"ada\\ud800"'))],
  ["a subject that turns the direction", () => claim({ sub: "\u202eada" })],
  ["a subject with a blank that takes no room", () => claim({ sub: "ada\u200b" })],
  ["a tenant with a blank that takes no room", () => claim({ tenant: "acme\u200b" })],
  ["a tenant with a line end of Unicode", () => claim({ tenant: "acme\u2028" })],
  [
    "a tenant that only __proto__ has",
    () => text((json) => json.replace('"tenant":"acme"', '"__proto__":{"tenant":"acme"}')),
  ],
  ["a role that is an object", () => claim({ realm: { roles: [{ name: "reader" }] } })],
  ["501 roles", () => claim({ realm: { roles: Array.from({ length: 501 }, (_, index) => `r${index}`) } })],
  ["an empty role", () => claim({ realm: { roles: [""] } })],
  ["a blank within", () => signed().replace(".", " .")],
  ["padding", () => `${signed()}=`],
  ["a fourth part", () => `${signed()}.${encodedPart({})}`],
  ["no signature", () => `${signed().split(".").slice(0, 2).join(".")}.`],
  [
    "a signature of nothing but zeros",
    () => `${signed().split(".").slice(0, 2).join(".")}.${"A".repeat(342)}`,
  ],
])("%s lets nobody in", async (_what, make) => {
  const token = make();
  const { status, messages } = await present(token);
  expect({ status, messages }).toEqual({
    status: 401,
    messages: [
      {
        jsonrpc: "2.0",
        id: null,
        error: {
          code: -32000,
          message: "The credentials are not accepted.",
          data: expect.objectContaining({ requires: [] }),
        },
      },
    ],
  });
  expect(server.logged.join("")).not.toContain(token.slice(0, 60));
  expect(Reflect.get({}, "tenant")).toBeUndefined();
});

test.each([
  ["roles that only __proto__ has", '"realm":{"__proto__":{"roles":["admin"]}}'],
  ["roles of another's prototype", '"realm":"x","constructor":{"roles":["admin"]}'],
])("%s are no roles", async (_what, instead) => {
  const { output } = await present(text((json) => json.replace('"realm":{"roles":["reader"]}', instead)));
  expect(output).toMatchObject({ id: "jwt:ada", roles: [] });
});

test.each(["\uff41cme", "acm\u0435", "ACME", "acme ", "e\u0301", "\u00e9", "__proto__", "constructor"])(
  "the tenant %j is that tenant, and no other that looks alike",
  async (tenant) => {
    expect((await present(claim({ tenant }))).output).toMatchObject({ tenantId: tenant });
  },
);

test("a torn key of the issuer is nobody's fault who calls, and lets nobody in", async () => {
  const { status, messages } = await present(head({ kid: "torn" }));
  expect({ status, code: messages[0]?.error?.code }).toEqual({ status: 503, code: -32000 });
  expect((await present(signed())).status).toBe(200);
});

test("a token longer than headers may be costs a refusal, and the next caller nothing", async () => {
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { authorization: `Bearer ${"A".repeat(20_000)}.A.A` },
  });
  expect(response.status).toBe(431);
  expect((await present(signed())).status).toBe(200);
});

test("the issuer was asked for its document and its keys, and for nothing that a token named", () => {
  expect(new Set(provider.asked)).toEqual(new Set(["/.well-known/openid-configuration", "/keys"]));
});
