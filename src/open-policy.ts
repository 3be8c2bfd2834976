import { ConfigError } from "./config/config-error.ts";
import { readPolicy } from "./config/rbac.ts";
import type { Settings } from "./config/schema.ts";
import { isPrincipalId } from "./core/principal.ts";
import { closest } from "./core/suggest.ts";
import { overlaps, type Reach } from "./lake/reach.ts";
import type { LakeSettings } from "./lake/settings.ts";
import { type Access, fixedAccess, type PolicyState } from "./policy/access.ts";
import { type CompiledPolicy, compilePolicy } from "./policy/compile-policy.ts";
import type { LakeResources, PolicyDocument, Resources } from "./policy/document.ts";
import { watchedAccess } from "./policy/watched-access.ts";
import type { Log } from "./telemetry/log.ts";
import { toolsets } from "./toolsets/index.ts";

/**
 * The policy the settings name; undefined where they name none. Throws `ConfigError` for one in the settings themselves
 * that cannot be used; of one in a file that cannot be, the state says so.
 */
export function openAccess({ rbac }: Pick<Settings, "rbac">, lake: LakeSettings): Access | undefined {
  const compile = (document: PolicyDocument) =>
    compilePolicy(document, {
      tools: toolsets.flatMap(({ tools }) => tools),
      tenants: lake.tenants && [...lake.tenants.keys()],
      checkResources: (resources, setting) => resourceProblems(resources, setting, lake),
    });
  const { file: path, roles, bindings = [], default: ofEverybody = [] } = rbac;
  if (path !== undefined) {
    const read = async (text: string) => {
      const document = await readPolicy(text, path);
      return isProblems(document) ? document : compile(document);
    };
    return watchedAccess({ path, read });
  }
  if (roles === undefined) return undefined;
  const policy = compile({ roles, bindings, default: ofEverybody });
  if (isProblems(policy)) throw new ConfigError(policy.map((problem) => `rbac.${problem}`));
  return fixedAccess(policy);
}

function isProblems(found: PolicyDocument | CompiledPolicy | readonly string[]): found is readonly string[] {
  return Array.isArray(found);
}

/** Says in the log what comes into force from now on, and what cannot. */
export function logPolicy(access: Access, log: Log): void {
  const tell = (state: PolicyState) => {
    if ("problems" in state) log.error("policy refused, every call is denied", { problems: state.problems });
    else {
      log.info("policy in force", { roles: state.policy.roles.size });
      warnOfNobody(state.policy, log);
    }
  };
  void access.loaded.then(() => tell(access.state()));
  access.onChange(tell);
}

const maxNamed = 10;

/** A role that takes something away is as if it were not there where it is bound to nobody. */
function warnOfNobody({ document }: CompiledPolicy, log: Log): void {
  const principals = document.bindings.flatMap(({ principals = [] }) => principals);
  const nobody = principals.filter((id) => !isPrincipalId(id));
  if (nobody.length === 0) return;
  const warning =
    "Bindings name principals nobody can be: an id begins with how its holder proved who it is, such as jwt:, key:, mtls:, iam: or module:.";
  log.warn("policy binds nobody", { warning, principals: nobody.slice(0, maxNamed), count: nobody.length });
}

/** A role's resources as the lake takes them. */
export function reachOf({ buckets, localRoots, catalogs }: LakeResources): Reach {
  return {
    buckets,
    localRoots,
    databricks: catalogs.flatMap((name) => (name.catalog === "databricks" ? [name.names] : [])),
    athena: catalogs.flatMap((name) =>
      name.catalog === "athena" ? [{ database: name.database, table: name.table }] : [],
    ),
  };
}

/** What lies outside all the server may read is a mistake: the role would not have what its author gave it. */
function resourceProblems(resources: Resources, setting: string, lake: LakeSettings): string[] {
  const none: LakeResources = { buckets: [], localRoots: [], catalogs: [] };
  const isOutside = (one: Partial<LakeResources>) => !overlaps(lake, reachOf({ ...none, ...one }));
  const buckets = resources.buckets
    .filter((bucket) => isOutside({ buckets: [bucket] }))
    .map((bucket) =>
      outside(`${setting}.buckets`, bucketName(bucket), lake.buckets.map(bucketName), "lake.buckets"),
    );
  const roots = lake.localRoots.flatMap(({ name, path }) => [name, path]);
  const localRoots = resources.localRoots
    .filter((root) => isOutside({ localRoots: [root] }))
    .map((root) => outside(`${setting}.localRoots`, root, roots, "lake.localRoots"));
  const catalogs = resources.catalogs
    .filter((name) => isOutside({ catalogs: [name] }))
    .map((name) =>
      name.catalog === "athena"
        ? outside(`${setting}.catalogs`, `athena://${name.database}.${name.table}`, [], "lake.athena.tables")
        : outside(`${setting}.catalogs`, `databricks://${name.names.join(".")}`, [], "lake.databricks.allow"),
    );
  return [...buckets, ...localRoots, ...catalogs];
}

function bucketName({ bucket, prefix }: { bucket: string; prefix: string }): string {
  return prefix === "" ? bucket : `${bucket}/${prefix}`;
}

function outside(setting: string, name: string, known: readonly string[], ofServer: string): string {
  const near = closest(name, known);
  return `${setting}: ${JSON.stringify(name)} is outside ${ofServer}, so nobody can read it${near ? `: did you mean "${near}"?` : ""}`;
}
