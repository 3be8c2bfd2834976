import { z } from "zod";
import { closest } from "../core/suggest.ts";
import { type AuthMode, type authSettings, modesInForce } from "./auth.ts";
import { allowedBucket } from "./fields.ts";
import { members } from "./members.ts";

/** What a tenant's id is made of, so that it is a session tag as it stands. Source: STS API reference, "Tag". */
const tenantId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:/=+@-]{0,127}$/, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no tenant's id: up to 128 letters, digits and _ . : / = + @ -`,
});

const tagKey = z
  .string()
  .regex(/^[A-Za-z0-9_.:/=+@-]{1,128}$/, { error: "is not a session tag's key" })
  .refine((key) => !/^aws:/i.test(key) && key.toLowerCase() !== "tenant", {
    error: "aws: is AWS's own, and the tag tenant is set by this server",
  });

/** STS takes 50 tags; one is the tenant's. */
const maxTags = 49;
const maxTenants = 1_000;

const tenant = members({
  roleArn: z
    .string()
    .max(2_048)
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, { error: "is not a role's ARN" })
    .describe("Role that calls for the tenant run with"),
  externalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/, { error: "is not an external id" })
    .optional()
    .describe("External id the role asks for"),
  sessionTags: z
    .record(
      tagKey,
      z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u, { error: "is not a tag's value" }),
    )
    .refine((tags) => Object.keys(tags).length <= maxTags, { error: `may be ${maxTags} at most` })
    .default({})
    .describe("Session tags beside tenant"),
  buckets: z.array(allowedBucket).min(1).describe("What of lake.buckets it may read: name, or name/prefix/"),
});

/** `tenants`. With any, only principals of one of them can call. */
export const tenantSettings = z
  .record(tenantId, tenant, {
    error: (issue) =>
      issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join("; ") : undefined,
  })
  .refine((tenants) => Object.keys(tenants).length > 0, {
    error: "names no tenant: leave it out, or name one",
  })
  .refine((tenants) => Object.keys(tenants).length <= maxTenants, { error: `may be ${maxTenants} at most` })
  .optional()
  .describe(
    "Tenants by id: objects of roleArn, externalId, sessionTags, buckets; set, principals of any other tenant are denied",
  );

type Tenants = z.output<typeof tenantSettings>;

/** There is none of that id: a tenant that was meant must not be missed by a typing mistake. */
export function unknownTenant(tenantId: string, tenants: readonly string[]): string {
  const near = closest(tenantId, tenants);
  return `there is no tenant ${JSON.stringify(tenantId)}${near ? `: did you mean "${near}"?` : " (setting tenants)"}`;
}

/** What is wrong with callers beside tenants: which setting of `auth`, and why. Nobody becomes a tenant's by leaving it out. */
export function wrongTenants(
  tenants: Tenants,
  auth: z.output<typeof authSettings>,
): { path: string[]; message: string }[] {
  if (!tenants) return [];
  const ids = Object.keys(tenants);
  const modes = modesInForce(auth);
  const wrong: { path: string[]; message: string }[] = [];
  const check = (mode: AuthMode, path: string[], callers: readonly { tenant: string }[]) => {
    const unknown = new Set(callers.map(({ tenant }) => tenant).filter((tenant) => !ids.includes(tenant)));
    if (!modes.includes(mode)) return;
    for (const tenant of unknown)
      wrong.push({ path: ["auth", ...path], message: unknownTenant(tenant, ids) });
  };
  check("api_key", ["apiKey"], auth.apiKey === undefined ? [] : [{ tenant: "default" }]);
  check("api_key", ["apiKeys"], auth.apiKeys);
  check("mtls", ["mtls", "clients"], auth.mtls.clients);
  check("iam", ["iam", "clients"], auth.iam.clients);
  const isOfDefaultAlone = ids.every((id) => id === "default");
  if (modes.includes("jwt") && auth.jwt.claims.tenant === undefined && !isOfDefaultAlone) {
    const message = "is missing: tenants are set, and whoever has a token would be of the tenant default";
    wrong.push({ path: ["auth", "jwt", "claims", "tenant"], message });
  }
  return wrong;
}
