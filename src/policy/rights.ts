import { jsonDigest } from "../core/digest.ts";
import type { Effect, Tool } from "../core/tool.ts";
import { type AwsReach, awsLimitsOf } from "./aws-reach.ts";
import type { AwsLimits, LakeResources, Resources, Role } from "./document.ts";
import { toolsOf } from "./tool-patterns.ts";

/** A role with its patterns made out. */
export interface CompiledRole {
  name: string;
  allowed: ReadonlySet<Tool>;
  denied: ReadonlySet<Tool>;
  effects: ReadonlySet<Effect>;
  resources: Resources | undefined;
}

/** What of the lake a tool may reach: all that the server may, or what is named. */
export type Reach = "all" | LakeResources;

/** What a set of roles comes to. */
export interface Rights {
  /** What each tool may reach that one of the roles allows by name and effect, and none denies. The others are not there. */
  reach: ReadonlyMap<Tool, Reach>;
  /** Which AWS resources each tool in `reach` may touch. */
  aws: ReadonlyMap<Tool, AwsReach>;
  /** Of each tool in `reach`, equal for sets of roles by which it reaches the same. */
  keys: ReadonlyMap<Tool, string>;
}

export function compileRole(name: string, role: Role, tools: readonly Tool[]): CompiledRole {
  const matched = (patterns: readonly string[]) =>
    new Set(patterns.flatMap((pattern) => toolsOf(pattern, tools)));
  return {
    name,
    allowed: matched(role.allow),
    denied: matched(role.deny),
    effects: new Set(role.effects),
    resources: role.resources,
  };
}

/**
 * A deny of any role wins. What reaches far in one role does so with that role's tools and effects only: whoever may
 * query one bucket and list another may not query the other.
 */
export function rightsOf(roles: readonly CompiledRole[], tools: readonly Tool[]): Rights {
  const reach = new Map<Tool, Reach>();
  const aws = new Map<Tool, AwsReach>();
  const deny = roles.flatMap(({ resources }) => resources?.deny ?? []);
  for (const tool of tools) {
    if (roles.some(({ denied }) => denied.has(tool))) continue;
    const granting = roles.filter(({ allowed, effects }) => allowed.has(tool) && effects.has(tool.effect));
    if (granting.length === 0) continue;
    reach.set(tool, joined(granting));
    aws.set(tool, { allow: awsAllowed(granting), deny });
  }
  const keys = new Map([...reach].map(([tool, reached]) => [tool, keyOf(reached, aws.get(tool))]));
  return { reach, aws, keys };
}

function keyOf(reach: Reach, aws: AwsReach | undefined): string {
  return jsonDigest([reach, aws], { encoding: "base64url", length: 22 });
}

/** Limits of several roles stay apart: an account of one role and a region of another do not add up. */
function awsAllowed(roles: readonly CompiledRole[]): AwsReach["allow"] {
  const allowed: AwsLimits[] = [];
  for (const { resources } of roles) {
    if (resources === undefined) return "all";
    const limits = awsLimitsOf(resources);
    if (limits) allowed.push(limits);
  }
  return allowed;
}

function joined(roles: readonly CompiledRole[]): Reach {
  const resources: Resources[] = [];
  for (const role of roles) {
    if (role.resources === undefined) return "all";
    resources.push(role.resources);
  }
  return {
    buckets: resources.flatMap(({ buckets }) => buckets),
    localRoots: resources.flatMap(({ localRoots }) => localRoots),
    catalogs: resources.flatMap(({ catalogs }) => catalogs),
  };
}
