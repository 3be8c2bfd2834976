import type { JWTPayload } from "jose";
import type { Principal } from "../../core/principal.ts";
import { isRecord } from "../../core/record.ts";
import { outsideName, outsideNames } from "../names.ts";

/** Which claims say what of the caller. */
export interface ClaimNames {
  subject: string;
  /** Left out: every caller is of the tenant `default`. */
  tenant?: string | undefined;
  /** Left out: callers have no roles. */
  roles?: string | undefined;
}

/** A claim by its name, or by a path of names: `cognito:groups` is one, `realm_access.roles` is the other. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name
    .split(".")
    .reduce<unknown>(
      (node, part) => (isRecord(node) && Object.hasOwn(node, part) ? node[part] : undefined),
      payload,
    );
}

/** Scopes as RFC 8693 has them (`scope`, apart by blanks), or `scp` as text or list. */
export function scopesOf(payload: JWTPayload): string[] {
  const { scope, scp } = payload;
  return [scope, scp].flatMap((value): string[] => {
    if (typeof value === "string") return value.split(" ").filter((name) => name !== "");
    return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  });
}

/** A list, or one role as a text: `site admin` is one role, and none of it another. */
function rolesIn(value: unknown): unknown {
  return typeof value === "string" ? [value] : (value ?? []);
}

/** The principal of a verified token; undefined where a claim it must have is missing or unfit. */
export function principalOf(payload: JWTPayload, names: ClaimNames): Principal | undefined {
  const id = outsideName.safeParse(claimOf(payload, names.subject));
  const tenantId = outsideName.safeParse(
    names.tenant === undefined ? "default" : claimOf(payload, names.tenant),
  );
  const roles = outsideNames.safeParse(
    names.roles === undefined ? [] : rolesIn(claimOf(payload, names.roles)),
  );
  const scopes = outsideNames.safeParse(scopesOf(payload));
  if (!id.success || !tenantId.success || !roles.success || !scopes.success) return undefined;
  return Object.freeze({
    id: `jwt:${id.data}`,
    tenantId: tenantId.data,
    roles: roles.data,
    scopes: scopes.data,
    via: "jwt",
  });
}
