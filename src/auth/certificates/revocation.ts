import type { Certificate } from "./certificate.ts";
import { type DerElement, elementsOf, expectTag, readDer, readInteger, readTimeMs, tags } from "./der.ts";
import { keyUsages, readExtensions } from "./extensions.ts";
import { MalformedError } from "./malformed.ts";
import { blocksOfFile } from "./pem.ts";
import { isSignedBy, readAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

/** A list of revoked certificates. Source: RFC 5280, section 5.1. */
interface RevocationList {
  /** DER of the name. */
  issuer: Buffer;
  thisUpdateMs: number;
  /** Undefined where it holds for ever. */
  nextUpdateMs: number | undefined;
  serials: ReadonlySet<string>;
  algorithm: SignatureAlgorithm;
  bytes: Buffer;
  signature: Buffer;
}

/** Says why a certificate may be revoked, as OpenSSL calls it; undefined where it is not. */
export type Revocation = (certificate: Certificate, issuer: Certificate, nowMs: number) => string | undefined;

/**
 * Looks into the lists of a PEM file, of which each authority on a path must have one in force; with no file nothing
 * is revoked. Throws `MalformedError` for a list that is none, or covers less than all of its authority.
 */
export function createRevocation(pem: string | undefined): Revocation {
  if (pem === undefined) return () => undefined;
  const lists = blocksOfFile(pem, "X509 CRL").map(readList);
  if (lists.length === 0) throw new MalformedError("holds no list of revoked certificates in PEM");
  const isOf = rememberSigners();
  return (certificate, issuer, nowMs) => {
    const own = lists.filter((list) => isOf(list, issuer));
    if (own.length === 0) return "UNABLE_TO_GET_CRL";
    if (own.some(({ serials }) => serials.has(certificate.serial))) return "CERT_REVOKED";
    if (own.every(({ thisUpdateMs }) => nowMs < thisUpdateMs)) return "CRL_NOT_YET_VALID";
    const isCurrent = ({ thisUpdateMs, nextUpdateMs = Number.POSITIVE_INFINITY }: RevocationList) =>
      thisUpdateMs <= nowMs && nowMs <= nextUpdateMs;
    return own.some(isCurrent) ? undefined : "CRL_HAS_EXPIRED";
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

function readList(der: Buffer): RevocationList {
  const [body, outer, signature] = elementsOf(expectTag(readDer(der), tags.sequence));
  const { whole: bytes } = expectTag(body, tags.sequence);
  const fields = elementsOf(expectTag(body, tags.sequence));
  if (fields[0]?.tag === tags.integer) fields.shift();
  const [inner, issuer, thisUpdate, ...rest] = fields;
  const identifier = expectTag(outer, tags.sequence);
  const algorithm = readAlgorithm(identifier);
  if (!algorithm || !inner?.whole.equals(identifier.whole)) {
    throw new MalformedError("holds a list signed with an algorithm that is unknown or unsafe");
  }
  if (!thisUpdate) throw new MalformedError("holds a list without its time");
  const nextUpdate = isTime(rest[0]) ? rest.shift() : undefined;
  const revoked = rest[0]?.tag === tags.sequence ? elementsOf(rest[0]) : [];
  refuseParts(rest.find(({ tag }) => tag === tags.context0));
  return {
    ...{ algorithm, bytes, issuer: expectTag(issuer, tags.sequence).whole },
    thisUpdateMs: readTimeMs(thisUpdate),
    nextUpdateMs: nextUpdate && readTimeMs(nextUpdate),
    serials: new Set(revoked.map(readSerial)),
    // The first byte says how many bits of the last are none.
    signature: expectTag(signature, tags.bitString).body.subarray(1),
  };
}

function isTime(element: DerElement | undefined): boolean {
  return element?.tag === tags.utcTime || element?.tag === tags.generalizedTime;
}

/** Issuing distribution point, delta list: both are critical. */
function refuseParts(list: DerElement | undefined): void {
  if ([...readExtensions(list).values()].some(({ isCritical }) => isCritical)) {
    throw new MalformedError(
      "holds a list of some certificates only: partial, indirect and delta lists are not understood",
    );
  }
}

function readSerial(entry: DerElement): string {
  const [serial, , extensions] = elementsOf(expectTag(entry, tags.sequence));
  // An entry's extensions are a bare sequence, a list's are in a context tag.
  if (extensions) refuseParts({ ...extensions, body: extensions.whole });
  return readInteger(serial);
}
