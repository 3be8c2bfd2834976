import type { ClientCertificate } from "../mode.ts";
import type { Authorities } from "./authorities.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { namesOf } from "./names.ts";
import { distrustOf } from "./path.ts";
import type { Revocation } from "./revocation.ts";

/** A client's certificate, and those it brings to show who signed it, in no order. Each is DER. */
export interface CertificateChain {
  client: Buffer;
  others: readonly Buffer[];
}

/** Verifies a certificate that did not come by TLS of our own. Throws `MalformedError` for what is none. */
export type CertificateVerifier = (chain: CertificateChain) => ClientCertificate;

interface VerifierOptions {
  authorities: Authorities;
  revocation: Revocation;
  now: () => number;
}

/** A verifier that goes by the authorities and lists of the settings. */
export function createCertificateVerifier({
  authorities,
  revocation,
  now,
}: VerifierOptions): CertificateVerifier {
  return ({ client: der, others }) => {
    const client = readCertificate(der);
    const offered: Certificate[] = others.map(readCertificate);
    const distrust = distrustOf(client, offered, { authorities, revocation, nowMs: now() });
    return { isTrusted: distrust === undefined, distrust, names: namesOf(client.x509) };
  };
}
