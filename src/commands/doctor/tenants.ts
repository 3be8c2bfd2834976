import { ToolError } from "../../core/errors.ts";
import type { Lake } from "../../lake/lake.ts";
import type { LakeSettings, TenantSettings } from "../../lake/settings.ts";
import { createRoleCredentials } from "../../lake/stores/role-credentials.ts";
import { type Check, checkTimeoutMs, failed, ok, warning, wordsOf } from "./check.ts";

const atOnce = 8;

/** Assumes the role of every tenant as calls do, with its tags and external id, and lists its buckets with it. */
export async function checkTenants(lake: Lake, { tenants, s3 }: LakeSettings): Promise<Check[]> {
  const left = [...(tenants ?? [])].map(([tenantId, tenant], at) => ({ tenantId, tenant, at }));
  const found: Check[] = [];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { tenantId, tenant, at } = next;
      found[at] = await checkTenant(lake, tenantId, tenant, s3);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

async function checkTenant(
  lake: Lake,
  tenantId: string,
  tenant: TenantSettings,
  s3: LakeSettings["s3"],
): Promise<Check> {
  const name = `tenant ${tenantId}`;
  try {
    await createRoleCredentials({ tenantId, ...tenant, s3 }, { now: Date.now }).provide();
  } catch (thrown) {
    return explainRole(name, tenant, thrown);
  }
  const empty: string[] = [];
  for (const { bucket, prefix } of tenant.buckets) {
    const uri = `s3://${bucket}/${prefix}`;
    try {
      const request = { location: { kind: "s3" as const, bucket, key: prefix }, maxKeys: 1 };
      const signal = AbortSignal.timeout(checkTimeoutMs);
      const page = await lake.ofTenant(tenantId).stores.list(request, signal);
      if (page.objects.length === 0) empty.push(uri);
    } catch (thrown) {
      const mend = `Grant s3:ListBucket and s3:GetObject on ${uri} to ${tenant.roleArn}, and look at the bucket's policy.`;
      return failed(name, `its role cannot list ${uri}: ${wordsOf(thrown)}`, mend);
    }
  }
  const can = "its role can be assumed and lists its buckets";
  if (empty.length === 0) return ok(name, can);
  return warning(name, `${can}; ${empty.join(", ")} is empty`, "Check the name and prefix.");
}

/** AWS's own words are for whoever sets this up. */
function explainRole(name: string, { roleArn, externalId }: TenantSettings, thrown: unknown): Check {
  const code = thrown instanceof ToolError ? thrown.code : "internal";
  if (code === "invalid_input") return failed(name, wordsOf(thrown), "Set AWS_REGION or lake.s3.region.");
  const cause = thrown instanceof ToolError && thrown.cause !== undefined ? thrown.cause : thrown;
  const message = `${roleArn} cannot be assumed: ${wordsOf(cause)}`;
  if (code !== "denied")
    return failed(name, message, "Check credentials, the network to STS, and AWS_ENDPOINT_URL_STS.");
  const condition =
    externalId === undefined
      ? "; if it asks for an external id, set that as externalId"
      : `, and ask for the external id that is set (${externalId})`;
  const mend = `Let the role's trust policy allow sts:AssumeRole and sts:TagSession to this server's principal${condition}. The principal needs both on ${roleArn} too.`;
  return failed(name, message, mend);
}
