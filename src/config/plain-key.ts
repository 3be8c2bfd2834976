import type { Assignment } from "./assignment.ts";
import { isSecretReference } from "./secrets/fetch-secret.ts";

/**
 * Where a key stands in a settings file as it is, as far as sources say before secrets are fetched. Does not hold the key, nor
 * a reference as it is written: the log would take what stands behind its colon for a secret.
 */
export function plainKeyWarnings(winners: ReadonlyMap<string, Assignment>): string[] {
  const given = winners.get("auth.apiKey");
  if (given?.origin.kind !== "file" || isSecretReference(given.value)) return [];
  return [
    `auth.apiKey (${given.origin.name}) is the key itself: whoever reads the file can call. Move it to a file of its own or to AWS and write a reference to it here (docs/identity.md, "Where secrets are kept"), or name the caller in auth.apiKeys with the key's hash (sha256:…, from sluice key --hash).`,
  ];
}
