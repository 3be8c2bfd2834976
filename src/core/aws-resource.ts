import { ToolError } from "./errors.ts";

/** What roles tell AWS resources apart by. */
export type ResourceDimension = "account" | "region" | "cluster" | "tags";

/** An AWS resource, as far as it is known. Roles that ask for what is left out do not allow it. */
export interface AwsResource {
  /** 12 digits. */
  account?: string;
  /** Such as `eu-west-1`; `null`: of a service without regions. */
  region?: string | null;
  /** An ECS cluster by its name or ARN, `default` where AWS would take that one; `null`: what lies in none. */
  cluster?: string | null;
  tags?: Readonly<Record<string, string>>;
}

/** What a call's arguments say of a resource before anything was asked of AWS. */
export interface NamedResource extends AwsResource {
  /** What the handler finds out: it asks `may` of every resource, then, before it shows or changes it. */
  later?: readonly ResourceDimension[];
}

/** Of a call that touches what its caller's roles do not reach. `what` is named to the caller. */
export function outsideRoles(what: string): ToolError {
  return new ToolError(
    "denied",
    `${what} is outside what your roles reach. Whoever runs this server can change that (setting rbac, resources).`,
    { details: { setting: "rbac" } },
  );
}
