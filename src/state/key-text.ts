import type { StateKey } from "./store.ts";

/** One text for a key, for maps of this process. The length first: no tenant and name can be read as those of another tenant. */
export function keyText({ tenantId, name }: StateKey): string {
  return `${tenantId.length}:${tenantId}${name}`;
}
