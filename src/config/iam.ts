import { z } from "zod";
import { plainName, scopeName } from "./auth-names.ts";

/** Of a user, a role or a session. A path before one may hold anything; `*` in one would be a name nobody has. */
const name = "[\\w+=,.@-]+";
const named = `(?:role|user)/(?:[\\x21-\\x29\\x2b-\\x7e]+/)?${name}`;
const callerArn = new RegExp(
  `^arn:aws[a-z-]*:(?:iam::\\d{12}:(?:root|${named})|sts::\\d{12}:(?:assumed-role/${name}/${name}|federated-user/${name}))$`,
);

const client = z.strictObject({
  arn: z.string().max(700).regex(callerArn, {
    error:
      "is none of arn:aws:iam::<account>:role/…, …:user/…, …:root (all of the account) and arn:aws:sts::<account>:assumed-role/<role>/<session>; * stands for nothing here",
  }),
  tenant: plainName.default("default"),
  roles: z.array(plainName).default([]),
  scopes: z.array(scopeName).default([]),
});

/** `auth.iam`: callers that sign their requests with AWS credentials, which API Gateway checks. */
export const iamSettings = z
  .strictObject({
    clients: z
      .array(client)
      .default([])
      .describe(
        "Callers by ARN, for auth.modes iam: objects of arn (a role, a user, one session of a role, or an account's root for all of it), tenant, roles, scopes; the most exact one counts",
      ),
    organizations: z
      .array(z.string().regex(/^o-[a-z0-9]{10,32}$/, { error: "is not an id such as o-a1b2c3d4e5" }))
      .default([])
      .describe("AWS organizations a caller may be of; left out, any"),
    countBy: z
      .enum(["role", "session"])
      .default("role")
      .describe("Whether limits count all sessions of a role together, or each by itself"),
  })
  .prefault({});

/** What is wrong with the clients as a whole: none where they are asked for, or two that would be the same caller. */
export function wrongIam({ clients }: z.output<typeof iamSettings>, isAsked: boolean): string | undefined {
  if (isAsked && clients.length === 0) return "is empty: nobody could call";
  const arns = clients.map(({ arn }) => withoutRolePath(arn));
  return new Set(arns).size < arns.length ? "one ARN is of two clients" : undefined;
}

/** Callers are known by their role's name alone, which is unique in an account whatever its path. */
export function withoutRolePath(arn: string): string {
  return arn.replace(/:role\/.*\//, ":role/");
}
