import { createHash, timingSafeEqual } from "node:crypto";
import type { Principal } from "../core/principal.ts";
import { type AuthMode, refuse } from "./mode.ts";

/** The header a key travels in. */
export const apiKeyHeader = "x-api-key";

/** A caller with one or two keys that are good at once, so that one can take the other's place. */
export interface ApiKeyEntry {
  id: string;
  tenantId: string;
  roles: readonly string[];
  scopes: readonly string[];
  /** SHA-256 of each key. */
  digests: readonly Buffer[];
  /** Milliseconds since the epoch. */
  expiresMs?: number | undefined;
}

/** Whether two digests are equal, in a time that does not tell where they differ. */
export type DigestsEqual = (a: Buffer, b: Buffer) => boolean;

/** SHA-256 is right for keys of 128 random bits and more, which nobody can guess: passwords would need more. */
export function digestOfKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

/** Callers by key. Every key is compared whichever fits, so that the time tells nothing. */
export function createApiKeyMode(
  entries: readonly ApiKeyEntry[],
  now: () => number,
  isEqual: DigestsEqual = timingSafeEqual,
): AuthMode {
  const keys = entries.flatMap((entry) =>
    entry.digests.map((digest) => ({ digest, entry, principal: principalOf(entry) })),
  );
  return {
    via: "api_key",
    isBroughtBy: ({ headers }) => headers.has(apiKeyHeader),
    async authenticate({ headers }) {
      const presented = digestOfKey(headers.get(apiKeyHeader) ?? "");
      let fitting: (typeof keys)[number] | undefined;
      for (const key of keys) if (isEqual(key.digest, presented)) fitting = key;
      if (!fitting) return refuse("invalid", "api_key", "unknown key");
      const { expiresMs, id } = fitting.entry;
      if (expiresMs !== undefined && expiresMs <= now())
        return refuse("invalid", "api_key", `expired key of ${id}`);
      return { principal: fitting.principal };
    },
  };
}

function principalOf({ id, tenantId, roles, scopes }: ApiKeyEntry): Principal {
  return Object.freeze({ id: `key:${id}`, tenantId, roles, scopes, via: "api_key" });
}
