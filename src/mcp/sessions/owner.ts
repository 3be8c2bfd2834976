import type { Principal } from "../../core/principal.ts";

/** Whom a session or a task is bound to. Lengths are part of it, so that no two principals read alike. */
export function ownerOf({ tenantId, id }: Principal): string {
  return `${tenantId.length}:${tenantId}/${id}`;
}
