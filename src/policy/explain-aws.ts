import type { AwsResource, ResourceDimension } from "../core/aws-resource.ts";
import type { Principal } from "../core/principal.ts";
import type { Tool } from "../core/tool.ts";
import {
  awsLimitsOf,
  deniedBy,
  dimensions,
  isWellNamed,
  leftOutBy,
  limitNames,
  reachesAllOfAws,
  reachesResource,
} from "./aws-reach.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import type { CompiledRole } from "./rights.ts";

/** Whether a tool may touch an AWS resource, and which rule says so. */
export interface AwsExplanation {
  allowed: boolean;
  why: string;
  /** Where in the policy: `roles.operator.resources.regions`. */
  setting: string;
  /** What rules ask for and was not said, so that it was not judged. */
  unsaid: ResourceDimension[];
}

/** Of a tool the principal may call: undefined where it touches the lake alone, or may touch all of AWS. */
export function explainAws(
  policy: CompiledPolicy,
  principal: Principal,
  tool: Tool,
  asked: AwsResource,
): AwsExplanation | undefined {
  const reach = policy.rightsOf(principal).aws.get(tool);
  if (!reach || tool.resources === "lake" || reachesAllOfAws(reach)) return undefined;
  const later = dimensions.filter((dimension) => asked[dimension] === undefined);
  const rules = [...(reach.allow === "all" ? [] : reach.allow), ...reach.deny];
  const unsaid = later.filter((dimension) => rules.some((rule) => rule[limitNames[dimension]] !== undefined));
  const resource = { ...asked, later };
  const held = rolesOf(policy, principal);
  const granting = held.filter(({ allowed, effects }) => allowed.has(tool) && effects.has(tool.effect));
  const found =
    (tool.resources === undefined ? untold(tool, [...granting, ...held]) : undefined) ??
    misspelled(resource) ??
    denied(held, resource) ??
    allowed(granting, resource) ??
    outside(granting, resource);
  if (tool.resources !== undefined && found.allowed !== reachesResource(reach, resource))
    throw new TypeError(`What ${tool.name} reaches is explained otherwise than it is decided.`);
  return { ...found, unsaid };
}

type Found = Omit<AwsExplanation, "unsaid">;

function rolesOf(policy: CompiledPolicy, principal: Principal): CompiledRole[] {
  const names = new Set(policy.heldBy(principal).map(({ role }) => role));
  return [...names].flatMap((name) => policy.roles.get(name) ?? []);
}

function untold({ name }: Tool, roles: readonly CompiledRole[]): Found {
  const limiting = new Set(roles.filter(({ resources }) => resources !== undefined).map(settingOf));
  const why = `${name} does not say which AWS resources it touches`;
  return { allowed: false, why, setting: [...limiting].join(", ") };
}

function misspelled(resource: AwsResource): Found | undefined {
  if (isWellNamed(resource)) return undefined;
  const why =
    "no such name is allowed to anybody: an account has 12 digits, a cluster is a name or a whole ARN";
  return { allowed: false, why, setting: "rbac" };
}

function denied(roles: readonly CompiledRole[], resource: AwsResource): Found | undefined {
  for (const role of roles) {
    const dimension = role.resources?.deny && deniedBy(role.resources.deny, resource);
    if (!dimension) continue;
    const why = `a deny of its ${dimension} wins over every allow`;
    return { allowed: false, why, setting: `${settingOf(role)}.deny.${limitNames[dimension]}` };
  }
  return undefined;
}

function allowed(roles: readonly CompiledRole[], resource: AwsResource): Found | undefined {
  for (const role of roles) {
    if (!role.resources) {
      const why = `the role ${role.name} has no resources and reaches all the server may`;
      return { allowed: true, why, setting: `roles.${role.name}` };
    }
    const limits = awsLimitsOf(role.resources);
    if (limits && leftOutBy(limits, resource) === undefined)
      return { allowed: true, why: `inside what the role ${role.name} reaches`, setting: settingOf(role) };
  }
  return undefined;
}

function outside(roles: readonly CompiledRole[], resource: AwsResource): Found {
  const settings = roles.map((role) => {
    const limits = role.resources && awsLimitsOf(role.resources);
    const dimension = limits && leftOutBy(limits, resource);
    return dimension ? `${settingOf(role)}.${limitNames[dimension]}` : settingOf(role);
  });
  const why = "outside what the roles that allow the tool reach";
  return { allowed: false, why, setting: settings.join(", ") };
}

function settingOf({ name }: CompiledRole): string {
  return `roles.${name}.resources`;
}
