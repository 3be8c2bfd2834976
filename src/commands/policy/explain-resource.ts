import { ToolError } from "../../core/errors.ts";
import { createAllowedTables } from "../../lake/athena/allowed-tables.ts";
import { isAthenaUri, tableOfUri } from "../../lake/athena/resolve-statement.ts";
import { createBoundaries } from "../../lake/boundaries.ts";
import { createAllowedNames } from "../../lake/databricks/allowed.ts";
import { isDatabricksName, parseDatabricksName } from "../../lake/databricks/table-name.ts";
import { compileGlob, hasWildcard } from "../../lake/datasets/glob.ts";
import { narrowSettings } from "../../lake/reach.ts";
import type { LakeSettings } from "../../lake/settings.ts";
import { settingsOfTenant } from "../../lake/tenants.ts";
import { reachOf } from "../../open-policy.ts";
import type { Explanation } from "../../policy/explain.ts";

/** Whether something may be touched, and which setting says so. */
export interface ResourceExplanation {
  allowed: boolean;
  why: string;
  setting: string;
}

/**
 * Asks the very boundaries that calls of the tenant are held by, where there are tenants. Throws `invalid_input` for what
 * is no name of anything.
 */
export function explainResource(
  uri: string,
  server: LakeSettings,
  reaches: Explanation["reaches"],
  tenantId: string,
): ResourceExplanation {
  const { ofServer, kind } = settingsOf(uri);
  if (!isReadable(uri, server))
    return { allowed: false, why: "outside what the server may read", setting: ofServer };
  const tenant = server.tenants?.get(tenantId);
  const lake = tenant ? settingsOfTenant(tenant, server) : server;
  const ofTenant = `tenants.${tenantId}.buckets`;
  if (!isReadable(uri, lake))
    return { allowed: false, why: "outside what the tenant may read", setting: ofTenant };
  const granting = reaches.find(
    ({ reach }) => reach === "all" || isReadable(uri, narrowSettings(lake, reachOf(reach))),
  );
  if (granting?.reach === "all") {
    const why = `the role ${granting.role} has no resources and reaches all the ${tenant ? "tenant" : "server"} may`;
    return { allowed: true, why, setting: tenant ? ofTenant : ofServer };
  }
  if (granting) {
    const why = `inside what the role ${granting.role} reaches`;
    return { allowed: true, why, setting: `roles.${granting.role}.resources.${kind}` };
  }
  const roles = reaches.map(({ role }) => `roles.${role}.resources.${kind}`);
  return {
    allowed: false,
    why: "outside what the roles that allow the tool reach",
    setting: roles.join(", "),
  };
}

function settingsOf(uri: string): { ofServer: string; kind: string } {
  if (isDatabricksName(uri)) return { ofServer: "lake.databricks.allow", kind: "catalogs" };
  if (isAthenaUri(uri)) return { ofServer: "lake.athena.tables", kind: "catalogs" };
  return uri.startsWith("s3://")
    ? { ofServer: "lake.buckets", kind: "buckets" }
    : { ofServer: "lake.localRoots", kind: "localRoots" };
}

function isReadable(uri: string, settings: LakeSettings): boolean {
  try {
    if (isDatabricksName(uri)) {
      return createAllowedNames(settings.databricks?.allow ?? []).covers(parseDatabricksName(uri));
    }
    if (isAthenaUri(uri)) tableOfUri(createAllowedTables(settings.athena ?? noTables), uri);
    else createBoundaries(settings).resolve(hasWildcard(uri) ? compileGlob(uri).folder : uri);
    return true;
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "denied") return false;
    throw thrown;
  }
}

const noTables = { tables: [], catalog: "AwsDataCatalog" };
