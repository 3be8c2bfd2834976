import { type Certificate, isIssuedBy, isSelfIssued, readCertificate } from "./certificate.ts";
import { MalformedError } from "./malformed.ts";
import { blocksOfFile } from "./pem.ts";

/** Whom the settings trust to sign certificates of clients. */
export interface Authorities {
  /** Those that vouch for themselves: where a path ends. */
  roots: readonly Certificate[];
  /** The others, which a client need not bring. */
  intermediates: readonly Certificate[];
}

/** The certificates of a PEM file. Throws `MalformedError`. */
export function readAuthorities(pem: string): Authorities {
  const all = blocksOfFile(pem, "CERTIFICATE").map(readCertificate);
  const isRoot = (certificate: Certificate) =>
    isSelfIssued(certificate) && isIssuedBy(certificate, certificate);
  const roots = all.filter(isRoot);
  if (roots.length === 0)
    throw new MalformedError("holds no root: a certificate in PEM that its own key has signed");
  return { roots, intermediates: all.filter((certificate) => !roots.includes(certificate)) };
}
