import { type KeyObject, X509Certificate } from "node:crypto";
import { elementsOf, expectTag, readDer, readInteger, tags } from "./der.ts";
import {
  type Constraints,
  clientAuthentication,
  keyUsages,
  readConstraints,
  readExtensions,
} from "./extensions.ts";
import { MalformedError } from "./malformed.ts";
import { readAlgorithm } from "./signature-algorithm.ts";

/** A certificate, as far as a path to an authority goes by it. Nothing of it is verified. */
export interface Certificate extends Constraints {
  x509: X509Certificate;
  publicKey: KeyObject;
  /** Hexadecimal digits, without leading zeros. */
  serial: string;
  /** DER of the names. */
  issuer: Buffer;
  subject: Buffer;
  notBeforeMs: number;
  notAfterMs: number;
  hasSafeKey: boolean;
  hasSafeSignature: boolean;
}

/** Throws `MalformedError` for what is not one certificate of X.509 version 3, or 1, in DER and nothing else. */
export function readCertificate(der: Buffer): Certificate {
  const { x509, publicKey } = parse(der);
  const [body] = elementsOf(expectTag(readDer(der), tags.sequence));
  const fields = elementsOf(expectTag(body, tags.sequence));
  if (fields[0]?.tag === tags.context0) fields.shift();
  const [serial, algorithm, issuer, , subject] = fields;
  const extensions = readExtensions(fields.find(({ tag }) => tag === tags.context3));
  return {
    ...readConstraints(extensions),
    ...{ x509, publicKey, hasSafeKey: isSafe(publicKey) },
    serial: readInteger(serial),
    issuer: expectTag(issuer, tags.sequence).whole,
    subject: expectTag(subject, tags.sequence).whole,
    notBeforeMs: Date.parse(x509.validFrom),
    notAfterMs: Date.parse(x509.validTo),
    hasSafeSignature: readAlgorithm(expectTag(algorithm, tags.sequence)) !== undefined,
  };
}

/** Whether its name is its issuer's too. */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer.equals(subject);
}

/** Whether the one has signed the other: names, key identifiers, the right to sign, and the signature. */
export function isIssuedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  return x509.checkIssued(issuer.x509) && x509.verify(issuer.publicKey);
}

/** As what a certificate stands in a path. */
export type Place = "root" | "intermediate" | "client";

/** What is wrong with one by itself, as OpenSSL calls it; undefined where nothing is. */
export function faultOf(certificate: Certificate, place: Place, nowMs: number): string | undefined {
  // Written so that a time that is none is wrong.
  if (!(certificate.notBeforeMs <= nowMs)) return "CERT_NOT_YET_VALID";
  if (!(nowMs <= certificate.notAfterMs)) return "CERT_HAS_EXPIRED";
  if (certificate.hasUnknown) return "UNHANDLED_CRITICAL_EXTENSION";
  if (!certificate.hasSafeKey) return place === "client" ? "EE_KEY_TOO_SMALL" : "CA_KEY_TOO_SMALL";
  // Nobody goes by the signature of a root on itself.
  if (place !== "root" && !certificate.hasSafeSignature) return "CA_MD_TOO_WEAK";
  if (place !== "client" && !certificate.isAuthority) return "INVALID_CA";
  return isForClients(certificate, place) ? undefined : "INVALID_PURPOSE";
}

/** An authority whose own extended usage leaves clients out vouches for none, as OpenSSL has it. */
function isForClients({ keyUsage, extendedKeyUsage }: Certificate, place: Place): boolean {
  if (extendedKeyUsage?.includes(clientAuthentication) === false) return false;
  const { certSign, digitalSignature, keyAgreement } = keyUsages;
  const wanted = place === "client" ? digitalSignature | keyAgreement : certSign;
  return keyUsage === undefined || (keyUsage & wanted) !== 0;
}

const leastRsaBits = 2_048;

function isSafe({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  switch (asymmetricKeyType) {
    case "ec":
    case "ed25519":
    case "ed448":
      return true;
    case "rsa":
    case "rsa-pss":
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= leastRsaBits;
    default:
      return false;
  }
}

/** Node takes PEM too, wherever in the bytes it stands: what it has read must be what was given. */
function parse(der: Buffer): { x509: X509Certificate; publicKey: KeyObject } {
  try {
    const x509 = new X509Certificate(der);
    if (x509.raw.equals(der)) return { x509, publicKey: x509.publicKey };
  } catch (cause) {
    throw new MalformedError("no certificate of X.509", { cause });
  }
  throw new MalformedError("more than a certificate of X.509");
}
