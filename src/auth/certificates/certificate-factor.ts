import { apiKeyHeader } from "../api-keys.ts";
import type { Authenticator } from "../authenticator.ts";
import { type CallerRequest, refuse } from "../mode.ts";
import { type CertificateClient, findByCertificate, notTrusted } from "./mtls-mode.ts";

/** Whose certificates may be used, and by callers of which tenant. */
export type CertificateHolder = Pick<CertificateClient, "certificate" | "tenantId">;

/**
 * Asks every request for a trusted certificate, and leaves it to other modes who calls: the certificate says where from.
 * With `holders` it must be of one of these, and the caller of its tenant; without any, those of the authorities will do.
 * Nothing else is looked at before the certificate: who has none can try no keys.
 */
export function requireCertificate(
  holders: readonly CertificateHolder[],
  decide: Authenticator,
): Authenticator {
  const find = findByCertificate(holders.map((holder) => [holder.certificate, holder]));
  return async (request) => {
    const { certificate } = request;
    if (!certificate)
      return refuse(bringsAnything(request) ? "invalid" : "missing", "mtls", "no certificate");
    if (!certificate.isTrusted) return refuse("invalid", "mtls", notTrusted(certificate));
    const holder = holders.length > 0 ? find(certificate) : undefined;
    if (holder?.wrong !== undefined) return refuse("invalid", "mtls", holder.wrong);
    const verdict = await decide(request);
    if (!verdict.principal || !holder || holder.found.tenantId === verdict.principal.tenantId) return verdict;
    return refuse("invalid", "mtls", "certificate of another tenant than the caller's");
  };
}

/** A key without its certificate may be a stolen one, which is worth more than a line of the log. */
function bringsAnything({ headers }: CallerRequest): boolean {
  return headers.has("authorization") || headers.has(apiKeyHeader);
}
