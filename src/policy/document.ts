import type { Effect } from "../core/tool.ts";

/** What is in a catalog, by the names it has there. */
export type CatalogName =
  | { catalog: "databricks"; names: readonly string[] }
  | { catalog: "athena"; database: string; table: string };

/** AWS resources, by what they all have. */
export interface AwsLimits {
  accounts?: readonly string[] | undefined;
  regions?: readonly string[] | undefined;
  /** By name or ARN. */
  ecsClusters?: readonly string[] | undefined;
  /** Values of each key. */
  tags?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What the lake lets a role read. */
export interface LakeResources {
  buckets: readonly { bucket: string; prefix: string }[];
  /** Names of local roots, or absolute paths of folders. */
  localRoots: readonly string[];
  catalogs: readonly CatalogName[];
}

/**
 * What a role reaches. What is not named is outside. AWS resources are inside that lie in every limit which is named;
 * where none is, all of them are outside.
 */
export interface Resources extends LakeResources, AwsLimits {
  /** AWS resources that match any of this are outside for whoever has the role, whatever other roles allow. */
  deny?: AwsLimits | undefined;
}

export interface Role {
  /** Names of tools, beginnings of such with `*`, or `*`. */
  allow: readonly string[];
  deny: readonly string[];
  effects: readonly Effect[];
  /** Absent: all that the server may touch. */
  resources?: Resources | undefined;
}

/** Gives roles to whoever is, holds or claims one of these: one of the three lists is there. */
export interface Binding {
  principals?: readonly string[] | undefined;
  scopes?: readonly string[] | undefined;
  claims?: readonly string[] | undefined;
  /** Only of these tenants. Absent: of all. */
  tenants?: readonly string[] | undefined;
  roles: readonly string[];
}

/** A policy as its author writes it, parsed. */
export interface PolicyDocument {
  roles: Readonly<Record<string, Role>>;
  bindings: readonly Binding[];
  /** Roles that everybody has. */
  default: readonly string[];
}
