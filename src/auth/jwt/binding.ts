import type { JWTPayload } from "jose";
import { isRecord } from "../../core/record.ts";
import type { ClientCertificate } from "../mode.ts";

/** That whoever brings a token has something else too, without which it is of no use to a thief. */
export type Binding = { certificate: string } | "unknown";

/** Whose token it is alone; undefined where whoever has it may use it. Sources: RFC 7800; RFC 8705, section 3.1. */
export function bindingOf({ cnf }: JWTPayload): Binding | undefined {
  if (cnf === undefined) return undefined;
  const [[name, value] = [], ...others] = isRecord(cnf) ? Object.entries(cnf) : [];
  return name === "x5t#S256" && typeof value === "string" && others.length === 0
    ? { certificate: value }
    : "unknown";
}

/** Why a token is not for whoever brought it; undefined where it is. A proof that nobody checks here is none. */
export function wrongHolder(
  binding: Binding | undefined,
  certificate: ClientCertificate | undefined,
): string | undefined {
  if (binding === undefined) return undefined;
  if (binding === "unknown") return "bound to a proof that is not checked here";
  const { isTrusted, fingerprint } = certificate ?? {};
  return isTrusted && fingerprint === binding.certificate ? undefined : "bound to another certificate";
}
