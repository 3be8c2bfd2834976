import { jsonDigest } from "../core/digest.ts";
import type { Effect, Tool } from "../core/tool.ts";
import type { Resources, Role } from "./document.ts";
import { toolsOf } from "./tool-patterns.ts";

/** A role with its patterns made out. */
export interface CompiledRole {
  name: string;
  allowed: ReadonlySet<Tool>;
  denied: ReadonlySet<Tool>;
  effects: ReadonlySet<Effect>;
  resources: Resources | undefined;
}

/** What a tool may reach: all that the server may, or what is named. */
export type Reach = "all" | Resources;

/** What a set of roles comes to. */
export interface Rights {
  /** Tools that are allowed by name and not denied. */
  visible: ReadonlySet<Tool>;
  /** What each of them may reach. Not in it: those whose effect no role allows. */
  reach: ReadonlyMap<Tool, Reach>;
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
  const visible = tools.filter(
    (tool) => roles.some(({ allowed }) => allowed.has(tool)) && !roles.some(({ denied }) => denied.has(tool)),
  );
  const reach = new Map<Tool, Reach>();
  for (const tool of visible) {
    const granting = roles.filter(({ allowed, effects }) => allowed.has(tool) && effects.has(tool.effect));
    if (granting.length > 0) reach.set(tool, joined(granting));
  }
  const keys = new Map([...reach].map(([tool, reached]) => [tool, keyOf(reached)]));
  return { visible: new Set(visible), reach, keys };
}

function keyOf(reach: Reach): string {
  return jsonDigest(reach, { encoding: "base64url", length: 22 });
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
