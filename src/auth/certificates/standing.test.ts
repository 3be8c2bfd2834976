import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { type Authority, createAuthority } from "../../../test/harness/certificates.ts";
import { derOf } from "../../../test/harness/forwarding.ts";
import { readAuthorities } from "./authorities.ts";
import { readCertificate } from "./certificate.ts";
import { trustOf } from "./client-trust.ts";
import { readRevocationLists } from "./revocation-list.ts";
import { createStanding } from "./standing.ts";

const root = createAuthority("Our root");
const issuing = root.authorize({ subject: { CN: "Issuing" } });
const client = issuing.issue({ subject: { CN: "agent" } });
const trustBy = (authorities: Authority[], lists?: string) =>
  trustOf(
    readAuthorities(authorities.map(({ cert }) => cert).join("")),
    lists === undefined ? undefined : readRevocationLists(lists, "taken"),
  );
const presented = (...others: { cert: string }[]) => ({
  client: readCertificate(derOf(client.cert)),
  others: others.map(({ cert }) => readCertificate(derOf(cert))),
});

test("an authority between is revoked, or has no list: its clients fall with it", () => {
  const lists = [root.revoke([]), issuing.revoke([])];
  let trust = trustBy([root], lists.join(""));
  const standing = createStanding({ trust: () => trust, now: Date.now });
  const shown = presented(issuing);
  expect(standing(shown)).toBeUndefined();
  trust = trustBy([root], [root.revoke([issuing]), issuing.revoke([])].join(""));
  expect(standing(shown)).toBe("CERT_REVOKED");
  trust = trustBy([root], root.revoke([]));
  expect(standing(shown)).toBe("UNABLE_TO_GET_CRL");
  trust = trustBy([createAuthority("Our root")]);
  expect(standing(shown)).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
});

test("of two ways to a root the one that holds counts", () => {
  const next = createAuthority("Our next root");
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const past = { subject: { CN: "Shared" }, keys, notAfter: new Date(Date.now() - 60_000) };
  const ofOld = root.authorize(past);
  const ofNext = next.authorize({ subject: { CN: "Shared" }, keys });
  const shown = {
    client: readCertificate(derOf(ofNext.issue({ subject: { CN: "agent" } }).cert)),
    others: [ofOld, ofNext].map(({ cert }) => readCertificate(derOf(cert))),
  };
  const trust = trustBy([root, next]);
  expect(createStanding({ trust: () => trust, now: Date.now })(shown)).toBeUndefined();
});

test("authorities a client makes up that vouch for each other in rings cost little", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const made = Array.from({ length: 40 }, () =>
    createAuthority("Issuing", { keys }).authorize({ subject: { CN: "Issuing" }, keys }),
  );
  const shown = {
    client: readCertificate(derOf(made[0]?.issue({ subject: { CN: "agent" } }).cert ?? "")),
    others: made.map(({ cert }) => readCertificate(derOf(cert))),
  };
  const trust = trustBy([root]);
  const startedMs = performance.now();
  expect(createStanding({ trust: () => trust, now: Date.now })(shown)).toBe(
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  );
  expect(performance.now() - startedMs).toBeLessThan(500);
});
