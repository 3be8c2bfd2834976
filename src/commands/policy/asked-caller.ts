import { modesInForce } from "../../config/auth.ts";
import type { Settings } from "../../config/schema.ts";
import { isPrincipalId, type Principal } from "../../core/principal.ts";
import { closest } from "../../core/suggest.ts";
import { knownCaller } from "./known-caller.ts";

/** Flags that say what the caller brings. */
export interface CallerFlags {
  role?: string | undefined;
  scope?: string | undefined;
  tenant?: string | undefined;
}

interface Told<T> {
  value: T;
  /** The setting or flag that says so, or `assumed`. */
  from: string;
}

/** The caller a decision is about, and where each part of it is from. */
export interface AskedCaller {
  tenant: Told<string>;
  roles: Told<readonly string[]>;
  scopes: Told<readonly string[]>;
  /** Why nobody may have this id with these settings. */
  hints: string[];
}

/** Flags win over what the settings know of the caller; what neither says is assumed. */
export function askedCaller(id: string, { role, scope, tenant }: CallerFlags, auth: Settings["auth"]) {
  const known = knownCaller(id, auth);
  const told = <T>(flag: string, given: T | undefined, ofSettings: T | undefined, assumed: T): Told<T> => {
    if (given !== undefined) return { value: given, from: `--${flag}` };
    return ofSettings === undefined || !known
      ? { value: assumed, from: "assumed" }
      : { value: ofSettings, from: known.from };
  };
  const caller: AskedCaller = {
    tenant: told("tenant", tenant, known?.tenant, "default"),
    roles: told("role", listOf(role), known?.roles, []),
    scopes: told("scope", listOf(scope), known?.scopes, []),
    hints: hintsOf(id, known !== undefined, auth),
  };
  const principal: Principal = {
    id,
    tenantId: caller.tenant.value,
    scopes: caller.scopes.value,
    roles: caller.roles.value,
    via: "local",
  };
  return { principal, caller };
}

/** One line of it, for people. */
export function describeCaller({ tenant, roles, scopes }: AskedCaller): string {
  const names = ({ value, from }: Told<readonly string[]>) => `${value.join(", ") || "none"} (${from})`;
  return `Asked for tenant ${tenant.value} (${tenant.from}), roles ${names(roles)}, scopes ${names(scopes)}.`;
}

const modeOfEvidence = { key: "api_key", jwt: "jwt", mtls: "mtls", iam: "iam", module: "module" } as const;

function hintsOf(id: string, isKnown: boolean, auth: Settings["auth"]): string[] {
  if (!isPrincipalId(id)) {
    return [
      `Nobody can have the id ${JSON.stringify(id)}: ids begin with key:, jwt:, mtls:, iam: or module:, or are local.`,
    ];
  }
  const hints: string[] = [];
  const mode = Object.entries(modeOfEvidence).find(([evidence]) => id.startsWith(`${evidence}:`))?.[1];
  if (mode !== undefined && !modesInForce(auth).includes(mode)) {
    hints.push(`Nobody has this id now: auth.modes does not name ${mode}.`);
  }
  const name = id.slice(id.indexOf(":") + 1);
  if (!isKnown && mode === "api_key") hints.push(unknownIn("auth.apiKeys", name, auth.apiKeys));
  if (mode === "mtls" && auth.mtls.use === "factor") {
    hints.push("Nobody has this id now: auth.mtls.use is factor, so certificates name no callers.");
  } else if (!isKnown && mode === "mtls") {
    hints.push(unknownIn("auth.mtls.clients", name, auth.mtls.clients));
  }
  if (!isKnown && mode === "iam") {
    hints.push(
      "auth.iam.clients has nobody for this ARN: of a role's caller it is arn:aws:sts::<account>:assumed-role/<role>/<session>.",
    );
  }
  return hints;
}

function unknownIn(setting: string, name: string, entries: readonly { id: string }[]): string {
  const near = closest(
    name,
    entries.map(({ id }) => id),
  );
  return `${setting} has no id ${JSON.stringify(name)}${near === undefined ? "." : `: did you mean "${near}"?`}`;
}

function listOf(text: string | undefined): string[] | undefined {
  return text?.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
}
