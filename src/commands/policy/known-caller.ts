import { parseCallerArn } from "../../auth/iam/caller-arn.ts";
import { mostExactClient } from "../../auth/iam/iam-mode.ts";
import { withoutRolePath } from "../../config/iam.ts";
import type { Settings } from "../../config/schema.ts";
import { localPrincipal } from "../../core/principal.ts";

type Auth = Settings["auth"];

/** What is known of a caller without what it sends, and where that stands. */
export interface KnownCaller {
  from: string;
  tenant: string;
  roles: readonly string[];
  scopes: readonly string[];
}

/** Callers by key, certificate and ARN, as a server of these settings knows them. Undefined for all others. */
export function knownCaller(id: string, auth: Auth): KnownCaller | undefined {
  if (id === localPrincipal.id) {
    return { from: "as every local caller", tenant: localPrincipal.tenantId, roles: [], scopes: [] };
  }
  const [, evidence, name = ""] = /^(key|mtls|iam):(.+)$/.exec(id) ?? [];
  if (evidence === "key") return ofKey(name, auth);
  if (evidence === "mtls") return ofCertificate(name, auth);
  return evidence === "iam" ? ofArn(name, auth) : undefined;
}

function ofKey(name: string, { apiKey, apiKeys }: Auth): KnownCaller | undefined {
  if (apiKey !== undefined && name === "default") {
    return { from: "auth.apiKey", tenant: "default", roles: [], scopes: [] };
  }
  return entryOf("auth.apiKeys", apiKeys, ({ id }) => id === name);
}

/** The id may stand beside several certificates, with other roles for each. */
function ofCertificate(name: string, { mtls }: Auth): KnownCaller | undefined {
  if (mtls.use === "factor") return undefined;
  const known = entryOf("auth.mtls.clients", mtls.clients, ({ id }) => id === name);
  const count = mtls.clients.filter(({ id }) => id === name).length;
  return known && count > 1 ? { ...known, from: `${known.from}, the first of ${count} with this id` } : known;
}

function ofArn(name: string, { iam }: Auth): KnownCaller | undefined {
  // Behind "#" stands which identity of a Cognito pool it is.
  const caller = parseCallerArn(name.split("#", 1)[0] ?? "");
  const byArn = new Map(iam.clients.map((client) => [withoutRolePath(client.arn), client]));
  const found = caller && mostExactClient(byArn, caller);
  return found && entryOf("auth.iam.clients", iam.clients, (client) => client === found);
}

type Entry = Pick<Auth["apiKeys"][number], "tenant" | "roles" | "scopes">;

function entryOf<T extends Entry>(
  setting: string,
  entries: readonly T[],
  is: (entry: T) => boolean,
): KnownCaller | undefined {
  const index = entries.findIndex(is);
  const entry = entries[index];
  if (!entry) return undefined;
  const { tenant, roles, scopes } = entry;
  return { from: `${setting} item ${index + 1}`, tenant, roles, scopes };
}
