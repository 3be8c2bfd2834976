import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { exportJWK } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOver } from "../harness/call-over.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { encodedPart, type KeyIssuer, nowSeconds, startKeyIssuer } from "../harness/key-issuer.ts";
import { audience } from "../harness/oidc-server.ts";
import { answersOn, calledAs, statusesIn } from "../harness/raw-http.ts";
import { modernRequest } from "../harness/rpc.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const edwards = generateKeyPairSync("ed25519");

/** An issuer with keys of every kind, none of which says by `alg` what it is for: tokens could try to choose. */
async function startIssuer(): Promise<KeyIssuer> {
  const named = Object.entries({ rsa, p256, p384, edwards });
  const keys = named.map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid }));
  return startKeyIssuer(await Promise.all(keys));
}

let issuer = "";
let provider: KeyIssuer;
let server: GuardedServer;
beforeAll(async () => {
  provider = await startIssuer();
  issuer = provider.issuer;
  server = await startGuardedServer({ modes: ["jwt"], resource: audience, jwt: { issuer } });
});
afterAll(async () => {
  await server.close();
  provider.close();
});

const claims = (more: Record<string, unknown> = {}) => ({
  ...{ iss: issuer, aud: audience, sub: "ada", exp: nowSeconds() + 300 },
  ...more,
});

type Signer = (what: Buffer) => Buffer;
function token(header: Record<string, unknown>, by: Signer, payload: unknown = claims()): string {
  const what = `${encodedPart({ typ: "at+jwt", ...header })}.${encodedPart(payload)}`;
  return `${what}.${by(Buffer.from(what)).toString("base64url")}`;
}
const byEc =
  ({ privateKey }: { privateKey: KeyObject }, dsaEncoding: "ieee-p1363" | "der" = "ieee-p1363"): Signer =>
  (what) =>
    sign("sha256", what, { key: privateKey, dsaEncoding });
const byRsa: Signer = (what) => sign("sha256", what, rsa.privateKey);
const byEdwards: Signer = (what) => sign(null, what, edwards.privateKey);
const spki = ({ publicKey }: { publicKey: KeyObject }, format: "pem" | "der") =>
  Buffer.from(publicKey.export({ type: "spki", format: format as "pem" }));
const present = (text: string) =>
  callOver(server.url, "echo_whoami", {}, { authorization: `Bearer ${text}` });

test.each<[string, () => string]>([
  ["RS256", () => token({ alg: "RS256", kid: "rsa" }, byRsa)],
  ["ES256", () => token({ alg: "ES256", kid: "p256" }, byEc(p256))],
  ["EdDSA", () => token({ alg: "EdDSA", kid: "edwards" }, byEdwards)],
])("what is signed as %s should be is let in", async (_alg, make) => {
  expect((await present(make())).output).toMatchObject({ id: "jwt:ada" });
});

test.each<[string, () => string]>([
  ["zeros for r and s", () => token({ alg: "ES256", kid: "p256" }, () => Buffer.alloc(64))],
  [
    "the order of the curve for r and s",
    () => {
      const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
      return token({ alg: "ES256", kid: "p256" }, () => Buffer.concat([order, order]));
    },
  ],
  ["a signature in DER", () => token({ alg: "ES256", kid: "p256" }, byEc(p256, "der"))],
  [
    "a signature with bytes behind it",
    () => token({ alg: "ES256", kid: "p256" }, (what) => Buffer.concat([byEc(p256)(what), Buffer.alloc(1)])),
  ],
  ["zeros by EdDSA", () => token({ alg: "EdDSA", kid: "edwards" }, () => Buffer.alloc(64))],
  ["a key of another curve", () => token({ alg: "ES256", kid: "p384" }, byEc(p384))],
  ["the algorithm of another key", () => token({ alg: "RS256", kid: "p256" }, byRsa)],
  ["another key's kid", () => token({ alg: "ES256", kid: "edwards" }, byEc(p256))],
  ["an algorithm the settings leave out", () => token({ alg: "ES384", kid: "p384" }, byEc(p384))],
  ...(["pem", "der"] as const).flatMap((format): [string, () => string][] =>
    Object.entries({ rsa, p256, edwards }).map(([kid, keys]) => [
      `HS256 with the ${format} of ${kid}`,
      () =>
        token({ alg: "HS256", kid }, (what) =>
          createHmac("sha256", spki(keys, format)).update(what).digest(),
        ),
    ]),
  ),
  [
    "a token within a token",
    () => token({ alg: "RS256", kid: "rsa", cty: "JWT" }, byRsa, token({ alg: "RS256", kid: "rsa" }, byRsa)),
  ],
  [
    "a JWE of five parts that wraps one",
    () =>
      `${encodedPart({ alg: "dir", enc: "A256GCM", cty: "JWT" })}..AAAA.${encodedPart(token({ alg: "RS256", kid: "rsa" }, byRsa))}.AAAA`,
  ],
  ["JSON serialization", () => encodedPart({ payload: encodedPart(claims()), signatures: [] })],
  [
    "a claim of two ends, the later one past",
    () =>
      token(
        { alg: "RS256", kid: "rsa" },
        byRsa,
        JSON.stringify(claims()).replace(/}$/, `,"exp":${nowSeconds() - 600}}`),
      ),
  ],
  [
    "an audience of lists without this one",
    () => token({ alg: "RS256", kid: "rsa" }, byRsa, claims({ aud: ["https://other.example.org", null, 7] })),
  ],
  ["no audience in the list", () => token({ alg: "RS256", kid: "rsa" }, byRsa, claims({ aud: [] }))],
  ["iat in words", () => token({ alg: "RS256", kid: "rsa" }, byRsa, claims({ iat: "now" }))],
  [
    "exp in digits of a text",
    () => token({ alg: "RS256", kid: "rsa" }, byRsa, claims({ exp: String(nowSeconds() + 300) })),
  ],
])("%s lets nobody in", async (_what, make) => {
  expect((await present(make())).status).toBe(401);
});

test("this server among other audiences is this server, and of two claims the last one counts", async () => {
  const among = claims({ aud: ["https://other.example.org", audience] });
  expect((await present(token({ alg: "RS256", kid: "rsa" }, byRsa, among))).output).toMatchObject({
    id: "jwt:ada",
  });
  const twice = JSON.stringify(claims()).replace(/}$/, ',"sub":"bert"}');
  expect((await present(token({ alg: "RS256", kid: "rsa" }, byRsa, twice))).output).toMatchObject({
    id: "jwt:bert",
  });
});

const call = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
const body = JSON.stringify(call.body);
const usual = Object.entries({
  host: "localhost",
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "content-length": String(body.length),
  ...call.headers,
}).map(([name, value]) => `${name}: ${value}`);

test.each<[string, (good: string) => string[], number]>([
  ["the scheme in capitals", (good) => [`AUTHORIZATION: BEARER ${good}`], 200],
  ["blanks around", (good) => [`authorization: \t bearer   ${good} \t`], 200],
  ["a tab behind the scheme", (good) => [`authorization: Bearer\t${good}`], 401],
  ["no blank behind the scheme", (good) => [`authorization: Bearer${good}`], 401],
  ["a comma behind the token", (good) => [`authorization: Bearer ${good},`], 401],
  ["the token in quotes", (good) => [`authorization: Bearer "${good}"`], 401],
  ["the scheme twice", (good) => [`authorization: Bearer Bearer ${good}`], 401],
  ["a blank before the colon", (good) => [`authorization : Bearer ${good}`], 400],
  ["a line folded", (good) => ["authorization: Bearer", ` ${good}`], 400],
  [
    "an underscore for a dash",
    (good) => [`x_authorization: Bearer ${good}`, `proxy-authorization: Bearer ${good}`],
    401,
  ],
  ["another scheme", (good) => [`authorization: DPoP ${good}`], 401],
])("a token with %s is answered with its status", async (_what, linesOf, status) => {
  const lines = [...usual, ...linesOf(token({ alg: "RS256", kid: "rsa" }, byRsa))];
  const answered = await answersOn(server.url, `POST /mcp HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  expect({ status: statusesIn(answered)[0], as: calledAs(answered) }).toEqual({
    status,
    as: status === 200 ? ["jwt:ada"] : [],
  });
});
