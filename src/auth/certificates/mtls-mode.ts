import type { Principal } from "../../core/principal.ts";
import { type AuthMode, refuse } from "../mode.ts";

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
  const byName = new Map(clients.map((client) => [client.certificate, principalOf(client)]));
  return {
    via: "mtls",
    isBroughtBy: ({ certificate }) => certificate !== undefined,
    async authenticate({ certificate }) {
      if (!certificate?.isTrusted) {
        return refuse("invalid", "mtls", `certificate not trusted: ${certificate?.distrust ?? "none"}`);
      }
      const found = new Set(certificate.names.flatMap((name) => byName.get(name) ?? []));
      const [principal, other] = found;
      if (other) return refuse("invalid", "mtls", "certificate of two clients");
      return principal ? { principal } : refuse("invalid", "mtls", "certificate of no client");
    },
  };
}

function principalOf({ id, tenantId, roles, scopes }: CertificateClient): Principal {
  return Object.freeze({ id: `mtls:${id}`, tenantId, roles, scopes, via: "mtls" });
}
