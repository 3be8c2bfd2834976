import type { Authorities } from "./authorities.ts";
import { type Certificate, faultOf, isIssuedBy, isSelfIssued } from "./certificate.ts";
import type { Revocation } from "./revocation.ts";

/** By what a certificate is trusted or not. */
interface Trust {
  authorities: Authorities;
  revocation: Revocation;
  nowMs: number;
}

/** An authority somebody trusted has signed, and how many may follow between it and the client. */
interface Issuer {
  certificate: Certificate;
  room: number;
}

/** Authorities between a root and the client: five certificates in all. */
const maxIntermediates = 3;

/**
 * Why no path leads from a root to the client's certificate, as OpenSSL calls it; undefined where one does. Paths are
 * built from the roots down: a key that nobody trusted has signed verifies nothing, so what a client makes up costs
 * little more than a look at its names. Source: RFC 5280, section 6.
 */
export function distrustOf(
  client: Certificate,
  offered: readonly Certificate[],
  trust: Trust,
): string | undefined {
  const { authorities, revocation, nowMs } = trust;
  const wrong = faultOf(client, "client", nowMs);
  if (wrong !== undefined) return wrong;
  if (authorities.roots.some((root) => isSame(root, client))) return revocation(client, client, nowMs);
  const candidates = new Set([...authorities.intermediates, ...offered]);
  const { issuers, faults } = usableRoots(trust, [client, ...candidates]);
  for (let issuer = takeRoomiest(issuers); issuer; issuer = takeRoomiest(issuers)) {
    const { certificate } = issuer;
    if (isIssuedBy(client, certificate)) return revocation(client, certificate, nowMs);
    for (const candidate of candidates) {
      if (!isIssuedBy(candidate, certificate)) continue;
      const room = roomBelow(candidate, issuer);
      const fault = room < 0 ? "PATH_LENGTH_EXCEEDED" : faultBelow(candidate, certificate, trust);
      if (fault === undefined) issuers.push({ certificate: candidate, room });
      else faults.push(`of an intermediate, ${fault}`);
      // By a path with more room it may still be good.
      if (room >= 0) candidates.delete(candidate);
    }
  }
  const nobody = isSelfIssued(client) ? "DEPTH_ZERO_SELF_SIGNED_CERT" : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
  return faults.at(-1) ?? nobody;
}

/** The roots that may vouch, and why those cannot that somebody here names as issuer. */
function usableRoots({ authorities, revocation, nowMs }: Trust, below: readonly Certificate[]) {
  const issuers: Issuer[] = [];
  const faults: string[] = [];
  for (const root of authorities.roots) {
    if (!below.some(({ issuer }) => issuer.equals(root.subject))) continue;
    const fault = faultOf(root, "root", nowMs) ?? revocation(root, root, nowMs);
    if (fault === undefined) {
      issuers.push({
        certificate: root,
        room: Math.min(root.pathLength ?? maxIntermediates, maxIntermediates),
      });
    } else faults.push(`of a root, ${fault}`);
  }
  return { issuers, faults };
}

function faultBelow(certificate: Certificate, issuer: Certificate, { revocation, nowMs }: Trust) {
  return faultOf(certificate, "intermediate", nowMs) ?? revocation(certificate, issuer, nowMs);
}

/** One that signs itself under a new key takes no room. Source: RFC 5280, section 6.1.4. */
function roomBelow(certificate: Certificate, { room }: Issuer): number {
  const left = isSelfIssued(certificate) ? room : room - 1;
  return left < 0 ? left : Math.min(left, certificate.pathLength ?? left);
}

/** The one that allows the longest path, so that none is tried by a shorter way than there is. */
function takeRoomiest(issuers: Issuer[]): Issuer | undefined {
  issuers.sort((one, other) => other.room - one.room);
  return issuers.shift();
}

function isSame(one: Certificate, other: Certificate): boolean {
  return one.x509.raw.equals(other.x509.raw);
}
