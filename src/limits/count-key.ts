import { createHash } from "node:crypto";
import type { Principal } from "../core/principal.ts";
import type { StateKey } from "../state/store.ts";
import type { Rule } from "./rules.ts";

/** Longer ids, and those that are no good Unicode, are kept as their digest. */
const longestIdChars = 200;

/** Names what is counted for a principal, or its tenant, under a rule. `what` is such as `day/2026-11-25`. */
export function countKey(principal: Principal, { tool, isOfTenant }: Rule, what: string): StateKey {
  if (isOfTenant) return { tenantId: principal.tenantId, name: `limits/${what}/tenant` };
  const { tenantId, countedAs: id = principal.id } = principal;
  const isPlain = id.length <= longestIdChars && !/\p{Surrogate}/u.test(id);
  const counted = isPlain
    ? `id/${id}`
    : `sha256/${createHash("sha256").update(JSON.stringify(id)).digest("hex")}`;
  return { tenantId, name: `limits/${what}/${tool ?? "all"}/${counted}` };
}
