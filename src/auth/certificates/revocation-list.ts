import { type DerElement, elementsOf, expectTag, readDer, readInteger, readTimeMs, tags } from "./der.ts";
import { readExtensions } from "./extensions.ts";
import { MalformedError } from "./malformed.ts";
import { blocksOfFile } from "./pem.ts";
import { readAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

/** A list of revoked certificates. Source: RFC 5280, section 5.1. */
export interface RevocationList {
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

/**
 * What becomes of lists that cover some certificates of their authority only. Taken, what they name is revoked; whether
 * they cover a certificate is for TLS to say.
 */
export type PartialLists = "refused" | "taken";

/** The lists of a PEM file. Throws `MalformedError` for one that is none, and for a file without any. */
export function readRevocationLists(pem: string, partial: PartialLists): RevocationList[] {
  const lists = blocksOfFile(pem, "X509 CRL").map((der) => readList(der, partial));
  if (lists.length === 0) throw new MalformedError("holds no list of revoked certificates in PEM");
  return lists;
}

/** Whether its next one is not due yet. */
export function isInForce({ thisUpdateMs, nextUpdateMs }: RevocationList, nowMs: number): boolean {
  return thisUpdateMs <= nowMs && nowMs <= (nextUpdateMs ?? Number.POSITIVE_INFINITY);
}

function readList(der: Buffer, partial: PartialLists): RevocationList {
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
  if (isPartial(rest.find(({ tag }) => tag === tags.context0)) && partial === "refused") throw isOfSome();
  return {
    ...{ algorithm, bytes, issuer: expectTag(issuer, tags.sequence).whole },
    thisUpdateMs: readTimeMs(thisUpdate),
    nextUpdateMs: nextUpdate && readTimeMs(nextUpdate),
    serials: new Set(revoked.flatMap((entry) => readSerial(entry, partial))),
    // The first byte says how many bits of the last are none.
    signature: expectTag(signature, tags.bitString).body.subarray(1),
  };
}

function isTime(element: DerElement | undefined): boolean {
  return element?.tag === tags.utcTime || element?.tag === tags.generalizedTime;
}

/** Issuing distribution point, delta list, an entry of another issuer: all are critical. */
function isPartial(list: DerElement | undefined): boolean {
  return [...readExtensions(list).values()].some(({ isCritical }) => isCritical);
}

function isOfSome(): MalformedError {
  return new MalformedError(
    "holds a list of some certificates only: partial, indirect and delta lists are not understood",
  );
}

/** None for an entry of another issuer: its number may be that of a certificate of this one. */
function readSerial(entry: DerElement, partial: PartialLists): string[] {
  const [serial, , extensions] = elementsOf(expectTag(entry, tags.sequence));
  // An entry's extensions are a bare sequence, a list's are in a context tag.
  if (!extensions || !isPartial({ ...extensions, body: extensions.whole })) return [readInteger(serial)];
  if (partial === "refused") throw isOfSome();
  return [];
}
