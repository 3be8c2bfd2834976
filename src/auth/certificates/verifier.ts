import type { ClientCertificate } from "../mode.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { type TrustInForce, trustUnknown } from "./client-trust.ts";
import { fingerprintOf, namesOf } from "./names.ts";
import { distrustOf } from "./path.ts";

/** A client's certificate, and those it brings to show who signed it, in no order. Each is DER. */
export interface CertificateChain {
  client: Buffer;
  others: readonly Buffer[];
}

/** Verifies a certificate that did not come by TLS of our own. Throws `MalformedError` for what is none. */
export type CertificateVerifier = (chain: CertificateChain) => ClientCertificate;

interface VerifierOptions {
  trust: TrustInForce;
  now: () => number;
}

/** A verifier that goes by the authorities and lists in force. */
export function createCertificateVerifier({ trust, now }: VerifierOptions): CertificateVerifier {
  return ({ client: der, others }) => {
    const inForce = trust();
    if (!inForce) return { isTrusted: false, distrust: trustUnknown, names: [] };
    const client = readCertificate(der);
    const offered: Certificate[] = others.map(readCertificate);
    const distrust = distrustOf(client, offered, { ...inForce, nowMs: now() });
    const { x509 } = client;
    return {
      ...{ isTrusted: distrust === undefined, distrust },
      ...{ names: namesOf(x509), fingerprint: fingerprintOf(x509) },
    };
  };
}
