import type { Principal } from "../../core/principal.ts";
import { type AuthMode, type IamCaller, refuse } from "../mode.ts";
import { type CallerArn, parseCallerArn } from "./caller-arn.ts";

/** Callers by ARN. */
export interface IamClient {
  /** A user, a role without its path, one session of a role, or an account's root for everybody of it. */
  arn: string;
  tenantId: string;
  roles: readonly string[];
  scopes: readonly string[];
}

export interface IamOptions {
  clients: readonly IamClient[];
  /** Organizations a caller may be of; empty: any. */
  organizations: readonly string[];
  /** Whether limits count all sessions of a role together, whatever names they give themselves. */
  countBy: "role" | "session";
}

/** Callers by the AWS identity a gateway has checked. The most exact client counts: session or user, role, account. */
export function createIamMode({ clients, organizations, countBy }: IamOptions): AuthMode {
  const byArn = new Map(clients.map((client) => [client.arn, client]));
  return {
    via: "iam",
    isBroughtBy: ({ iam }) => iam !== undefined,
    async authenticate({ iam }) {
      const caller = iam && parseCallerArn(iam.userArn);
      if (!caller) return refuse("invalid", "iam", "no ARN of a caller");
      const wrong = contradiction(iam, caller, organizations);
      if (wrong !== undefined) return refuse("invalid", "iam", wrong);
      const client = mostExactClient(byArn, caller);
      if (!client) return refuse("invalid", "iam", "caller of no client");
      return { principal: principalOf(client, iam, caller, countBy) };
    },
  };
}

/** Of the session or user, else of its role, else of its account. */
export function mostExactClient<T>(
  byArn: ReadonlyMap<string, T>,
  { arn, role = arn, account }: CallerArn,
): T | undefined {
  return byArn.get(arn) ?? byArn.get(role) ?? byArn.get(account);
}

function contradiction(
  { accountId, principalOrgId, cognitoIdentityId }: IamCaller,
  caller: CallerArn,
  organizations: readonly string[],
): string | undefined {
  if (accountId && accountId !== caller.accountId) return "account and ARN disagree";
  if (organizations.length > 0 && !organizations.includes(principalOrgId ?? ""))
    return "caller of another organization";
  if (cognitoIdentityId && !/^[a-z0-9-]{1,32}:[0-9a-f-]{36}$/.test(cognitoIdentityId))
    return "no id of a Cognito identity";
  return undefined;
}

function principalOf(
  { tenantId, roles, scopes }: IamClient,
  { cognitoIdentityId }: IamCaller,
  { arn, role }: CallerArn,
  countBy: IamOptions["countBy"],
): Principal {
  const id = `iam:${arn}${cognitoIdentityId ? `#${cognitoIdentityId}` : ""}`;
  const counted = role !== undefined && countBy === "role" && { countedAs: `iam:${role}` };
  return Object.freeze({ id, tenantId, roles, scopes, via: "iam", ...counted });
}
