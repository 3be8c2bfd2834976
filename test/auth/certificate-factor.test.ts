import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOfKey } from "../../src/auth/api-keys.ts";
import { type Certified, createAuthority } from "../harness/certificates.ts";
import { albEncoded, askWhoami } from "../harness/forwarding.ts";
import { type GuardedServer, settingsOf, startGuardedServer } from "../harness/guarded-server.ts";
import { audience, type OidcServer, startOidcServer } from "../harness/oidc-server.ts";

const ours = createAuthority("Our authority");
const theirs = createAuthority("Their authority");
const own = ours.issue({ subject: { CN: "localhost" }, names: ["DNS:localhost", "IP:127.0.0.1"] });
const ofAcme = ours.issue({ subject: { CN: "acme" }, names: ["URI:spiffe://acme"] });
const ofOther = ours.issue({ subject: { CN: "other" }, names: ["URI:spiffe://other"] });
const unlisted = ours.issue({ subject: { CN: "unlisted" } });
const revoked = ours.issue({ subject: { CN: "acme" }, names: ["URI:spiffe://acme"] });
const forged = theirs.issue({ subject: { CN: "acme" }, names: ["URI:spiffe://acme"] });
const proxy = "127.0.0.2";

const keyOf = (id: string) => `${id}-0123456789abcdef0123456789abcdef`;
const entry = (id: string, tenant: string) => ({
  ...{ id, tenant, roles: ["reader"] },
  keys: [`sha256:${digestOfKey(keyOf(id)).toString("hex")}`],
});

let folder: string;
let oidc: OidcServer;
let http: object;
let listed: GuardedServer;
let anyOfOurs: GuardedServer;
let asCaller: GuardedServer;
const file = async (name: string, content: string) => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-factor-"));
  oidc = await startOidcServer();
  http = { tls: { certFile: await file("cert.pem", own.cert), keyFile: await file("key.pem", own.key) } };
  const caFile = await file("ca.pem", ours.cert);
  const crlFile = await file("crl.pem", ours.revoke([revoked]));
  const forwarded = { proxies: [proxy], header: "x-amzn-mtls-clientcert" };
  const clients = [
    { id: "acme", certificate: "URI:spiffe://acme", tenant: "acme" },
    { id: "other", certificate: "URI:spiffe://other", tenant: "other" },
  ];
  const auth = {
    modes: ["mtls", "api_key", "jwt"],
    resource: audience,
    apiKeys: [entry("ada", "acme"), entry("eve", "other")],
    jwt: { issuer: oidc.issuer, claims: { tenant: "tenant" } },
  };
  const mtls = { use: "factor", caFile, crlFile, forwarded };
  listed = await startGuardedServer({ ...auth, mtls: { ...mtls, clients } }, { http });
  anyOfOurs = await startGuardedServer({ ...auth, mtls }, { http, dependencyReaders: ["reader"] });
  asCaller = await startGuardedServer({ ...auth, mtls: { caFile, crlFile, clients } }, { http });
});
afterAll(async () => {
  await Promise.all([listed.close(), anyOfOurs.close(), asCaller.close(), oidc.close()]);
  await rm(folder, { recursive: true });
});

const ask = (server: GuardedServer, client: Partial<Certified>, headers: Record<string, string> = {}) => {
  const { cert, key } = client;
  return askWhoami(server.url, { ca: ours.cert, ...(cert !== undefined && { cert, key }), headers });
};
const withKey = (id: string) => ({ "x-api-key": keyOf(id) });
const bearer = async (claims: Record<string, unknown>) => ({
  authorization: `Bearer ${await oidc.sign({ claims: { tenant: "acme", ...claims } })}`,
});
const reason = (server: GuardedServer) => JSON.parse(server.logged.at(-1) ?? "{}").reason;

test("with a certificate a key or a token says who calls, and the certificate nothing", async () => {
  const byKey = { id: "key:ada", tenantId: "acme", roles: ["reader"], via: "api_key" };
  expect((await ask(listed, ofAcme, withKey("ada"))).output).toEqual(byKey);
  expect((await ask(anyOfOurs, unlisted, withKey("ada"))).output).toEqual(byKey);
  expect((await ask(listed, ofAcme, await bearer({}))).output).toMatchObject({ id: "jwt:ada", via: "jwt" });
});

test("a certificate that a proxy passes on is one", async () => {
  const headers = { ...withKey("ada"), "x-amzn-mtls-clientcert": albEncoded(ofAcme.cert) };
  const way = { ca: ours.cert, headers };
  expect((await askWhoami(listed.url, { ...way, from: proxy })).output).toMatchObject({ id: "key:ada" });
  expect((await askWhoami(listed.url, way)).status).toBe(401);
  expect(reason(listed)).toBe("no certificate");
});

test.each<[string, Partial<Certified>, string]>([
  ["no certificate", {}, "no certificate"],
  ["a revoked one", revoked, "certificate not trusted: CERT_REVOKED"],
  ["one of another authority", forged, "certificate not trusted"],
  ["one that is not listed", unlisted, "certificate of no client"],
  ["one of another tenant", ofOther, "certificate of another tenant than the caller's"],
])("a good key with %s lets nobody in, and is a warning", async (_what, client, why) => {
  const { status, body } = await ask(listed, client, withKey("ada"));
  expect(status).toBe(401);
  expect(JSON.parse(body).error.data).toMatchObject({ requires: ["mtls"] });
  expect(reason(listed)).toContain(why);
  expect(JSON.parse(listed.logged.at(-1) ?? "")).toMatchObject({ level: "warn", kind: "invalid" });
});

test("a certificate alone, or with two that say who calls, lets nobody in", async () => {
  expect((await ask(listed, ofAcme)).status).toBe(401);
  expect(reason(listed)).toBe("no credentials");
  expect((await ask(listed, ofAcme, { ...withKey("ada"), ...(await bearer({})) })).status).toBe(401);
  expect(reason(listed)).toBe("both api_key and jwt");
  expect((await ask(listed, ofAcme, withKey("nobody"))).status).toBe(401);
  expect(reason(listed)).toBe("unknown key");
});

test("a probe with a certificate and nothing else is no refused caller", async () => {
  const before = anyOfOurs.logged.length;
  const { cert, key } = ofAcme;
  const answered = await new Promise((resolve, reject) => {
    const options = { ca: ours.cert, cert, key, agent: false };
    get(`${anyOfOurs.url}/health/ready`, options, ({ statusCode }) => resolve(statusCode)).on(
      "error",
      reject,
    );
  });
  expect({ answered, logged: anyOfOurs.logged.slice(before) }).toEqual({ answered: 200, logged: [] });
});

test("where certificates say who calls, one beside a key is of two callers, whoever they are", async () => {
  expect((await ask(asCaller, ofAcme)).output).toMatchObject({ id: "mtls:acme" });
  expect((await ask(asCaller, {}, withKey("ada"))).output).toMatchObject({ id: "key:ada" });
  expect((await ask(asCaller, ofAcme, withKey("ada"))).status).toBe(401);
  expect(reason(asCaller)).toBe("both api_key and mtls");
});

const thumbprintOf = ({ cert }: Certified) =>
  Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
const boundTo = (client: Certified) => ({ cnf: { "x5t#S256": thumbprintOf(client) } });

test("a token that is bound to a certificate is of use with that one alone, each time", async () => {
  const headers = await bearer(boundTo(unlisted));
  for (const _time of [1, 2]) {
    expect((await ask(anyOfOurs, unlisted, headers)).output).toMatchObject({ id: "jwt:ada" });
    expect((await ask(anyOfOurs, ofAcme, headers)).status).toBe(401);
    expect(reason(anyOfOurs)).toBe("bound to another certificate");
  }
  expect((await ask(asCaller, {}, headers)).status).toBe(401);
  expect(reason(asCaller)).toBe("bound to another certificate");
});

test.each<[string, unknown]>([
  ["a key of DPoP", { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }],
  ["a certificate and a key", { ...boundTo(ofAcme).cnf, jkt: "0ZcOCORZNYy" }],
  ["nothing", {}],
  ["a certificate that is a list", { "x5t#S256": [thumbprintOf(ofAcme)] }],
  ["a text", "ofAcme"],
  ["null", null],
])("a token that is bound to %s is nobody's here", async (_what, cnf) => {
  expect((await ask(anyOfOurs, ofAcme, await bearer({ cnf }))).status).toBe(401);
  expect(reason(anyOfOurs)).toBe("bound to a proof that is not checked here");
});

test.each<[string, object, string]>([
  ["mtls alone", { modes: ["mtls"] }, "auth.mtls.use is factor: name what says who calls too"],
  [
    "roles of a certificate",
    { mtls: { clients: [{ id: "a", certificate: "DNS:a", roles: ["reader"] }] } },
    "callers have those of their key or token",
  ],
  ["another use", { mtls: { use: "both" } }, '"both" is neither caller nor factor'],
])("settings with %s stop the start", async (_what, { mtls, ...more }: { mtls?: object }, why) => {
  const auth = { modes: ["mtls", "api_key"], apiKeys: [entry("ada", "acme")] };
  const caFile = join(folder, "ca.pem");
  await expect(
    settingsOf({ ...auth, ...more, mtls: { use: "factor", caFile, ...mtls } }, http),
  ).rejects.toThrow(why);
});
