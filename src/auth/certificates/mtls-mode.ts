import type { Principal } from "../../core/principal.ts";
import { type AuthMode, type ClientCertificate, refuse } from "../mode.ts";

/** A caller known by a name in its certificate. */
export interface CertificateClient {
  id: string;
  /** As `ClientCertificate.names` has it. */
  certificate: string;
  tenantId: string;
  roles: readonly string[];
  scopes: readonly string[];
}

/** Callers by the certificate of their connection, or of the one they made to a configured proxy. */
export function createMtlsMode(clients: readonly CertificateClient[]): AuthMode {
  const find = findByCertificate(clients.map((client) => [client.certificate, principalOf(client)]));
  return {
    via: "mtls",
    isBroughtBy: ({ certificate }) => certificate !== undefined,
    async authenticate({ certificate }) {
      const { found, wrong } = find(certificate);
      return found ? { principal: found } : refuse("invalid", "mtls", wrong);
    },
  };
}

/** What belongs to a certificate, or why nothing does. */
export type Found<T> = { found: T; wrong?: never } | { found?: never; wrong: string };

/** Finds by the names of a certificate, which must be trusted and of one alone. Two names of one are one. */
export function findByCertificate<T>(
  byName: readonly (readonly [name: string, of: T])[],
): (certificate: ClientCertificate | undefined) => Found<T> {
  const known = new Map(byName);
  return (certificate) => {
    if (!certificate?.isTrusted) return { wrong: notTrusted(certificate) };
    const [found, other] = new Set(certificate.names.flatMap((name) => known.get(name) ?? []));
    if (other) return { wrong: "certificate of two clients" };
    return found ? { found } : { wrong: "certificate of no client" };
  };
}

/** For the log. */
export function notTrusted(certificate: ClientCertificate | undefined): string {
  return `certificate not trusted: ${certificate?.distrust ?? "none"}`;
}

function principalOf({ id, tenantId, roles, scopes }: CertificateClient): Principal {
  return Object.freeze({ id: `mtls:${id}`, tenantId, roles, scopes, via: "mtls" });
}
