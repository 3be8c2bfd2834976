import { ClientCertificates } from "../../adapters/http/client-certificate.ts";
import { createStanding } from "../../auth/certificates/standing.ts";
import { createCertificateVerifier } from "../../auth/certificates/verifier.ts";
import { createForwardedCertificates } from "../../auth/forwarded/forwarded-certificates.ts";
import { createProxyList } from "../../auth/forwarded/proxies.ts";
import { modesInForce, usesCertificatesAsFactor } from "../../config/auth.ts";
import type { Settings } from "../../config/schema.ts";
import type { CertificatesInForce } from "./certificates-in-force.ts";

/** The certificates of clients, of connections and behind proxies, judged by what is in force. */
export function openClientCertificates(
  auth: Settings["auth"],
  inForce: CertificatesInForce | undefined,
  now: () => number,
): ClientCertificates {
  if (!inForce || !modesInForce(auth).includes("mtls")) return new ClientCertificates();
  const given = { trust: inForce.trust, now };
  const { header, proxies } = auth.mtls.forwarded;
  const verify = createCertificateVerifier(given);
  return new ClientCertificates({
    standing: createStanding(given),
    isFactor: usesCertificatesAsFactor(auth),
    ...(header !== undefined && {
      forwarded: createForwardedCertificates({ header, verify, isProxy: createProxyList(proxies) }),
    }),
  });
}
