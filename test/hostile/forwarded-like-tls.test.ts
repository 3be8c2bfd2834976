import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Authority,
  type Certified,
  createAuthority,
  der,
  extendedKeyUsage,
  extension,
  keyUsage,
} from "../harness/certificates.ts";
import { albEncoded, askWhoami } from "../harness/forwarding.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";

const minuteAgo = new Date(Date.now() - 60_000);
const minuteAhead = new Date(Date.now() + 60_000);
const clientAuth = "2b06010505070302";
const serverAuth = "2b06010505070301";
const anyUsage = "551d2500";

const agent = { subject: { CN: "whoever" }, names: ["URI:spiffe://acme/agent"] };
const root = createAuthority("Our root");
const theirs = createAuthority("Their root");
const twin = createAuthority("Our root");
const expiredRoot = createAuthority("Our expired root", { notAfter: minuteAgo });
const shortRoot = createAuthority("Our root of short paths", { pathLength: 0 });
const listless = createAuthority("Our root without a list");
const stale = createAuthority("Our root with an old list");
const silent = createAuthority("Our root that may sign no lists", { extensions: [keyUsage(0x04)] });
const forServers = createAuthority("Our root for servers", { extensions: [extendedKeyUsage(serverAuth)] });
const rsa = createAuthority("Our RSA root", { keys: generateKeyPairSync("rsa", { modulusLength: 2_048 }) });
const pss = createAuthority("Our PSS root", {
  keys: generateKeyPairSync("rsa-pss", { modulusLength: 2_048 }),
});
const edwards = createAuthority("Our Ed25519 root", { keys: generateKeyPairSync("ed25519") });

const issuing = root.authorize({ subject: { CN: "Issuing" } });
const inFile = root.authorize({ subject: { CN: "Issuing, in the file" } });
const lowest = issuing.authorize({ subject: { CN: "Lowest" }, pathLength: 0 });
const tooLow = lowest.authorize({ subject: { CN: "Too low" } });
const underShort = shortRoot.authorize({ subject: { CN: "Under a short path" } });
const expired = root.authorize({ subject: { CN: "Expired" }, notAfter: minuteAgo });
const revokedAuthority = root.authorize({ subject: { CN: "Revoked" } });
const mute = root.authorize({ subject: { CN: "May not sign" }, extensions: [keyUsage(0x02)] });
const serverIssuing = root.authorize({
  subject: { CN: "Servers" },
  extensions: [extendedKeyUsage(serverAuth)],
});
const listlessIssuing = root.authorize({ subject: { CN: "Listless" } });
const made = createAuthority("Issuing");

const revoked = root.issue(agent);
const revokedBelow = issuing.issue(agent);
const rsaRevoked = rsa.issue(agent);
const pssRevoked = pss.issue(agent);
const edwardsRevoked = edwards.issue(agent);
const inFileRevoked = inFile.issue(agent);

/** Somebody with a certificate who signs another with its key. */
const wouldBe = () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = root.issue({ subject: { CN: "Would-be" }, keys });
  return { own, made: createAuthority("Would-be", { keys }).issue(agent) };
};

const unknownExtension = extension("2a0304", der(0x05), true);

interface Chain {
  client: Certified;
  others?: Authority[] | Certified[];
}

/** What is presented, and why it is not trusted where it is not. */
const cases: [string, () => Chain, string?][] = [
  ["of a root", () => ({ client: root.issue(agent) })],
  ["of a root that it brings along", () => ({ client: root.issue(agent), others: [root] })],
  ["of an intermediate", () => ({ client: issuing.issue(agent), others: [issuing] })],
  ["of an intermediate with its root", () => ({ client: issuing.issue(agent), others: [issuing, root] })],
  ["of two intermediates", () => ({ client: lowest.issue(agent), others: [lowest, issuing] })],
  ["of two intermediates in disorder", () => ({ client: lowest.issue(agent), others: [issuing, lowest] })],
  ["of an intermediate in the file", () => ({ client: inFile.issue(agent) })],
  ["of an RSA root", () => ({ client: rsa.issue(agent) })],
  ["of a PSS root", () => ({ client: pss.issue(agent) })],
  ["of an Ed25519 root", () => ({ client: edwards.issue(agent) })],
  [
    "for clients",
    () => ({ client: root.issue({ ...agent, extensions: [extendedKeyUsage(serverAuth, clientAuth)] }) }),
  ],
  ["for signing", () => ({ client: root.issue({ ...agent, extensions: [keyUsage(0x80)] }) })],
  ["for key agreement", () => ({ client: root.issue({ ...agent, extensions: [keyUsage(0x08)] }) })],
  [
    "with an extension nobody knows that may be left aside",
    () => ({ client: root.issue({ ...agent, extensions: [extension("2a0304", der(0x05))] }) }),
  ],
  ["of another root", () => ({ client: theirs.issue(agent) }), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
  [
    "of another root it brings along",
    () => ({ client: theirs.issue(agent), others: [theirs] }),
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ],
  [
    "of another root of the same name",
    () => ({ client: twin.issue(agent) }),
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ],
  ["signed by itself", () => ({ client: createAuthority("Own", agent) }), "DEPTH_ZERO_SELF_SIGNED_CERT"],
  [
    "of an intermediate that is missing",
    () => ({ client: issuing.issue(agent) }),
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ],
  [
    "of a made-up intermediate of the same name",
    () => ({ client: made.issue(agent), others: [issuing] }),
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ],
  [
    "of a client",
    () => ({ client: wouldBe().made, others: [wouldBe().own] }),
    "of an intermediate, INVALID_CA",
  ],
  [
    "of a client that is there",
    () => {
      const { own, made: client } = wouldBe();
      return { client, others: [own] };
    },
    "of an intermediate, INVALID_CA",
  ],
  ["past its time", () => ({ client: root.issue({ ...agent, notAfter: minuteAgo }) }), "CERT_HAS_EXPIRED"],
  [
    "before its time",
    () => ({ client: root.issue({ ...agent, notBefore: minuteAhead }) }),
    "CERT_NOT_YET_VALID",
  ],
  [
    "of an expired intermediate",
    () => ({ client: expired.issue(agent), others: [expired] }),
    "of an intermediate, CERT_HAS_EXPIRED",
  ],
  ["of an expired root", () => ({ client: expiredRoot.issue(agent) }), "of a root, CERT_HAS_EXPIRED"],
  ["that was revoked", () => ({ client: revoked }), "CERT_REVOKED"],
  ["that an intermediate revoked", () => ({ client: revokedBelow, others: [issuing] }), "CERT_REVOKED"],
  ["that an intermediate in the file revoked", () => ({ client: inFileRevoked }), "CERT_REVOKED"],
  ["that an RSA root revoked", () => ({ client: rsaRevoked }), "CERT_REVOKED"],
  ["that a PSS root revoked", () => ({ client: pssRevoked }), "CERT_REVOKED"],
  ["that an Ed25519 root revoked", () => ({ client: edwardsRevoked }), "CERT_REVOKED"],
  [
    "of a revoked intermediate",
    () => ({ client: revokedAuthority.issue(agent), others: [revokedAuthority] }),
    "of an intermediate, CERT_REVOKED",
  ],
  ["of a root without a list", () => ({ client: listless.issue(agent) }), "of a root, UNABLE_TO_GET_CRL"],
  ["of a root with an old list", () => ({ client: stale.issue(agent) }), "of a root, CRL_HAS_EXPIRED"],
  [
    "of a root that may sign no lists",
    () => ({ client: silent.issue(agent) }),
    "of a root, UNABLE_TO_GET_CRL",
  ],
  [
    "of an intermediate without a list",
    () => ({ client: listlessIssuing.issue(agent), others: [listlessIssuing] }),
    "UNABLE_TO_GET_CRL",
  ],
  [
    "for servers",
    () => ({ client: root.issue({ ...agent, extensions: [extendedKeyUsage(serverAuth)] }) }),
    "INVALID_PURPOSE",
  ],
  [
    "for anything",
    () => ({ client: root.issue({ ...agent, extensions: [extendedKeyUsage(anyUsage)] }) }),
    "INVALID_PURPOSE",
  ],
  [
    "for encryption",
    () => ({ client: root.issue({ ...agent, extensions: [keyUsage(0x20)] }) }),
    "INVALID_PURPOSE",
  ],
  ["of a root for servers", () => ({ client: forServers.issue(agent) }), "of a root, INVALID_PURPOSE"],
  [
    "of an intermediate for servers",
    () => ({ client: serverIssuing.issue(agent), others: [serverIssuing] }),
    "of an intermediate, INVALID_PURPOSE",
  ],
  [
    "of an intermediate that may not sign",
    () => ({ client: mute.issue(agent), others: [mute] }),
    "of an intermediate, INVALID_PURPOSE",
  ],
  [
    "below the length of a path",
    () => ({ client: tooLow.issue(agent), others: [tooLow, lowest, issuing] }),
    "of an intermediate, PATH_LENGTH_EXCEEDED",
  ],
  [
    "below the length of a root's path",
    () => ({ client: underShort.issue(agent), others: [underShort] }),
    "of an intermediate, PATH_LENGTH_EXCEEDED",
  ],
  [
    "with an extension nobody knows that must be known",
    () => ({ client: root.issue({ ...agent, extensions: [unknownExtension] }) }),
    "UNHANDLED_CRITICAL_EXTENSION",
  ],
];

let folder: string;
let server: GuardedServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-forwarded-"));
  const file = async (name: string, ...parts: string[]) => {
    await writeFile(join(folder, name), parts.join("\n"));
    return join(folder, name);
  };
  const own = root.issue({ subject: { CN: "localhost" }, names: ["IP:127.0.0.1"] });
  const roots = [root, expiredRoot, shortRoot, listless, stale, silent, forServers, rsa, pss, edwards];
  // Made first: of two lists of one name OpenSSL takes the newer, whoever signed it.
  const ofTwin = twin.revoke([]);
  const lists = [
    root.revoke([revoked, revokedAuthority]),
    ...[expiredRoot, shortRoot, silent, forServers, lowest, tooLow, underShort].map((each) =>
      each.revoke([]),
    ),
    ...[expired, revokedAuthority, mute, serverIssuing].map((each) => each.revoke([])),
    stale.revoke([], { nextUpdate: minuteAgo }),
    rsa.revoke([rsaRevoked]),
    pss.revoke([pssRevoked]),
    edwards.revoke([edwardsRevoked]),
    issuing.revoke([revokedBelow]),
    inFile.revoke([inFileRevoked]),
    // Of another who calls itself the same: nobody's word.
    ofTwin,
  ];
  const crlFile = await file("crl.pem", ...lists);
  const certificates = [...roots, inFile].map(({ cert }) => cert);
  server = await startGuardedServer(
    {
      modes: ["mtls"],
      mtls: {
        caFile: await file("ca.pem", ...certificates),
        crlFile,
        clients: [{ id: "agent", certificate: "URI:spiffe://acme/agent" }],
        forwarded: { proxies: ["127.0.0.2"], header: "x-amzn-mtls-clientcert" },
      },
    },
    {
      http: { tls: { certFile: await file("cert.pem", own.cert), keyFile: await file("key.pem", own.key) } },
    },
  );
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

test.each(cases)("a certificate %s is judged as OpenSSL judges it", async (_what, make, distrust) => {
  const { client, others = [] } = make();
  const chain = [client, ...others].map(({ cert }) => cert).join("");
  const ca = root.cert;
  const byTls = await askWhoami(server.url, { ca, cert: chain, key: client.key });
  const headers = { "x-amzn-mtls-clientcert": albEncoded(chain) };
  const byHeader = await askWhoami(server.url, { ca, from: "127.0.0.2", headers });
  const status = distrust === undefined ? 200 : 401;
  expect({ byTls: byTls.status, byHeader: byHeader.status }).toEqual({ byTls: status, byHeader: status });
  expect(byHeader.output).toEqual(byTls.output);
  if (distrust === undefined) return;
  expect(byHeader.body).toBe(byTls.body);
  expect(server.logged.at(-1)).toContain(`"certificate not trusted: ${distrust}"`);
});
