import { ConfigError } from "./config/config-error.ts";
import type { Settings } from "./config/schema.ts";
import { overlaps } from "./lake/reach.ts";
import type { AllowedBucket, TenantSettings } from "./lake/settings.ts";

/** The tenants as the lake takes them. Throws `ConfigError` for buckets that the server itself may not read. */
export function openTenantSettings(
  tenants: Settings["tenants"],
  readable: readonly AllowedBucket[],
): ReadonlyMap<string, TenantSettings> | undefined {
  if (!tenants) return undefined;
  const problems = Object.entries(tenants).flatMap(([id, { buckets }]) =>
    buckets
      .filter((bucket) => !isReadable(bucket, readable))
      .map(
        ({ bucket, prefix }) =>
          `tenants.${id}.buckets: ${JSON.stringify(`${bucket}/${prefix}`)} is outside lake.buckets, so nobody can read it`,
      ),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return new Map(
    Object.entries(tenants).map(([id, tenant]) => [id, { ...tenant, externalId: tenant.externalId }]),
  );
}

function isReadable(bucket: AllowedBucket, readable: readonly AllowedBucket[]): boolean {
  const none = { localRoots: [], databricks: [], athena: [] };
  return overlaps(
    { buckets: readable, localRoots: [], databricks: undefined, athena: undefined },
    { ...none, buckets: [bucket] },
  );
}
