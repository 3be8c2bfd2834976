import { createHash, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import {
  type Authority,
  type Certificate,
  createAuthority,
  der,
  extension,
} from "../../../test/harness/certificates.ts";
import { derOf } from "../../../test/harness/forwarding.ts";
import { readAuthorities } from "./authorities.ts";
import { type ClientTrust, trustOf } from "./client-trust.ts";
import { MalformedError } from "./malformed.ts";
import { readRevocationLists } from "./revocation-list.ts";
import { createCertificateVerifier } from "./verifier.ts";

const root = createAuthority("Our root");
const agent = { subject: { CN: "agent" } };
const verifierBy = (trust: ClientTrust) => createCertificateVerifier({ trust: () => trust, now: Date.now });

function distrust(
  client: string,
  others: readonly string[] = [],
  { ca = root.cert, crl }: { ca?: string; crl?: string } = {},
) {
  const verify = verifierBy(
    trustOf(readAuthorities(ca), crl === undefined ? crl : readRevocationLists(crl, "refused")),
  );
  return verify({ client: derOf(client), others: others.map(derOf) }).distrust;
}

test("a certificate of a trusted authority is trusted, and its names are read", () => {
  const { cert } = root.issue({ subject: { O: "Acme", CN: "agent" }, names: ["DNS:agent.example"] });
  const verify = verifierBy(trustOf(readAuthorities(root.cert), undefined));
  expect(verify({ client: derOf(cert), others: [] })).toEqual({
    isTrusted: true,
    distrust: undefined,
    names: ["DNS:agent.example", "subject:O=Acme/CN=agent"],
    fingerprint: createHash("sha256").update(derOf(cert)).digest("base64url"),
  });
});

test("a certificate that the file itself has is trusted", () => {
  expect(distrust(root.cert)).toBeUndefined();
});

test.each<[string, Partial<Certificate>, string]>([
  ["RSA of 1024 bits", { keys: generateKeyPairSync("rsa", { modulusLength: 1_024 }) }, "EE_KEY_TOO_SMALL"],
  ["a key for agreement alone", { keys: generateKeyPairSync("x25519") }, "EE_KEY_TOO_SMALL"],
  ["a signature with SHA-1", { isWeak: true }, "CA_MD_TOO_WEAK"],
  ["name constraints", { extensions: [extension("551d1e", der(0x30))] }, "UNHANDLED_CRITICAL_EXTENSION"],
  [
    "policy constraints",
    { extensions: [extension("551d24", der(0x30), true)] },
    "UNHANDLED_CRITICAL_EXTENSION",
  ],
])("a client with %s is refused", (_what, given, why) => {
  expect(distrust(root.issue({ ...agent, ...given }).cert)).toBe(why);
});

test("an extension that comes twice is none", () => {
  const twice = extension("2a0304", der(0x05));
  expect(() => distrust(root.issue({ ...agent, extensions: [twice, twice] }).cert)).toThrow("comes twice");
});

test("a client of a root that signed itself with SHA-1 is trusted: nobody goes by that signature", () => {
  const old = createAuthority("Our old root", { isWeak: true });
  expect(distrust(old.issue(agent).cert, [], { ca: old.cert })).toBeUndefined();
});

test("three intermediates may stand between, and not four", () => {
  const path: Authority[] = [root];
  for (const level of [1, 2, 3, 4])
    path.push((path.at(-1) ?? root).authorize({ subject: { CN: `Level ${level}` } }));
  const certificates = path.slice(1).map(({ cert }) => cert);
  expect(distrust(path[3]?.issue(agent).cert ?? "", certificates)).toBeUndefined();
  expect(distrust(path[4]?.issue(agent).cert ?? "", certificates)).toBe(
    "of an intermediate, PATH_LENGTH_EXCEEDED",
  );
});

test("of two ways to an intermediate the one that allows more is taken", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const shared = { subject: { CN: "Shared" }, keys };
  const short = root.authorize({ subject: { CN: "Short" }, pathLength: 0 });
  const long = root.authorize({ subject: { CN: "Long" } });
  const below = long.authorize(shared);
  const others = [short, short.authorize(shared), long, below].map(({ cert }) => cert);
  for (const offered of [others, others.toReversed()]) {
    expect(distrust(below.issue(agent).cert, offered)).toBeUndefined();
  }
});

test("authorities that vouch for each other in a ring end, and cost little", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ring = createAuthority("Our root", { keys });
  const others = Array.from({ length: 7 }, () => ring.authorize({ subject: { CN: "Our root" }, keys }).cert);
  const client = ring.issue(agent).cert;
  const startedMs = performance.now();
  for (let round = 0; round < 10; round++) {
    expect(distrust(client, others)).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
  }
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test("any change of a byte makes a certificate another or none", () => {
  const good = derOf(root.issue({ subject: { CN: "agent" }, names: ["URI:spiffe://acme/agent"] }).cert);
  const verify = verifierBy(trustOf(readAuthorities(root.cert), undefined));
  const accepted = [...good.keys()].filter((index) => {
    const changed = Buffer.from(good);
    changed[index] = (changed[index] ?? 0) ^ 0x01;
    try {
      return verify({ client: changed, others: [] }).isTrusted;
    } catch (thrown) {
      if (thrown instanceof MalformedError) return false;
      throw thrown;
    }
  });
  expect(accepted).toEqual([]);
});

test("a list cut off anywhere is none", () => {
  const list = derOf(root.revoke([root.issue(agent)]));
  const pemOf = (bytes: Buffer) =>
    `-----BEGIN X509 CRL-----\n${bytes.toString("base64")}\n-----END X509 CRL-----\n`;
  for (let length = 1; length < list.length; length++) {
    expect(() => readRevocationLists(pemOf(list.subarray(0, length)), "refused")).toThrow(MalformedError);
  }
  expect(distrust(root.issue(agent).cert, [], { crl: pemOf(list) })).toBeUndefined();
});
