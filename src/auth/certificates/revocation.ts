import type { Certificate } from "./certificate.ts";
import { keyUsages } from "./extensions.ts";
import { isInForce, type RevocationList } from "./revocation-list.ts";
import { isSignedBy } from "./signature-algorithm.ts";

/** Says why a certificate may be revoked, as OpenSSL calls it; undefined where it is not. */
export type Revocation = (certificate: Certificate, issuer: Certificate, nowMs: number) => string | undefined;

/** Looks into lists of which each authority on a path must have one in force; with none at all nothing is revoked. */
export function createRevocation(lists: readonly RevocationList[] | undefined): Revocation {
  if (lists === undefined) return () => undefined;
  const isOf = rememberSigners();
  return (certificate, issuer, nowMs) => {
    const own = lists.filter((list) => isOf(list, issuer));
    if (own.length === 0) return "UNABLE_TO_GET_CRL";
    if (own.some(({ serials }) => serials.has(certificate.serial))) return "CERT_REVOKED";
    if (own.every(({ thisUpdateMs }) => nowMs < thisUpdateMs)) return "CRL_NOT_YET_VALID";
    return own.some((list) => isInForce(list, nowMs)) ? undefined : "CRL_HAS_EXPIRED";
  };
}

/** Whether an authority, which is trusted, has signed a list. A list may be long: what was found true stays so. */
function rememberSigners(): (list: RevocationList, issuer: Certificate) => boolean {
  const known = new Map<RevocationList, Set<string>>();
  return (list, issuer) => {
    const { x509, publicKey, subject, keyUsage } = issuer;
    if (!list.issuer.equals(subject)) return false;
    if (keyUsage !== undefined && (keyUsage & keyUsages.crlSign) === 0) return false;
    const signers = known.get(list) ?? new Set();
    if (signers.has(x509.fingerprint256)) return true;
    if (!isSignedBy(list.algorithm, publicKey, list)) return false;
    known.set(list, signers.add(x509.fingerprint256));
    return true;
  };
}
