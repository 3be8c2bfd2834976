import type { AwsResource } from "../../core/aws-resource.ts";
import { ToolError } from "../../core/errors.ts";
import type { Principal } from "../../core/principal.ts";
import { isRefused } from "../../core/steps.ts";
import type { Tool } from "../../core/tool.ts";
import { type Explanation, explain } from "../../policy/explain.ts";
import { type AwsExplanation, explainAws } from "../../policy/explain-aws.ts";
import { UsageError } from "../frame/usage-error.ts";
import { explainResource, type ResourceExplanation } from "./explain-resource.ts";
import type { LoadedPolicy } from "./load-policy.ts";

/** What a server of these settings would do with a call, and why. */
export interface Decision extends Pick<Explanation, "allowed" | "why" | "held" | "rules"> {
  resource?: ResourceExplanation & { uri: string };
  aws?: AwsExplanation;
}

/** What a call is to touch, as far as it was said. */
export interface AskedResources {
  uri?: string | undefined;
  aws?: AwsResource | undefined;
}

/** By the policy, and by the settings that hold for everybody. Throws `UsageError` for a resource that is none. */
export function decide(
  loaded: LoadedPolicy,
  principal: Principal,
  tool: Tool,
  { uri, aws }: AskedResources = {},
): Decision {
  const { policy, settings, lake, confirmer } = loaded;
  const at = pathsIn(settings);
  const { reaches, ...explained } = withPaths(policy ? explain(policy, principal, tool) : open, at);
  if (!explained.allowed) return explained;
  if (lake.tenants?.has(principal.tenantId) === false) {
    const why = `there is no tenant ${JSON.stringify(principal.tenantId)} (setting tenants)`;
    return { ...explained, allowed: false, why };
  }
  if (isRefused(confirmer, tool)) {
    const why = "the server changes nothing for anybody (setting writes)";
    return { ...explained, allowed: false, why };
  }
  if (aws && tool.resources === "lake")
    throw new UsageError(`${tool.name} reads the lake alone: say what with --resource or --bucket.`);
  const ofAws = policy && explainAws(policy, principal, tool, aws ?? {});
  const ofLake =
    uri === undefined ? undefined : resourceOf(() => explainResource(uri, lake, reaches, principal.tenantId));
  return {
    ...explained,
    ...(uri !== undefined && ofLake && { resource: { uri, ...placed(ofLake, at) } }),
    ...(ofAws && { aws: placed(ofAws, at) }),
    ...([ofLake, ofAws].some((found) => found?.allowed === false) && {
      allowed: false,
      why: "the resource is outside",
    }),
  };
}

/** Says where in the settings or the policy's file a rule is that a resource met. */
function placed<T extends { setting: string }>(found: T, at: (path: string) => string): T {
  const { setting } = found;
  return { ...found, setting: setting.startsWith("roles.") ? at(setting) : setting };
}

const open: Explanation = {
  allowed: true,
  why: "no policy is set (setting rbac): everybody may call every tool",
  held: [],
  rules: [],
  reaches: [{ role: "everybody", reach: "all" }],
};

/** Where a rule is for whoever is to change it: in the settings, or in the policy's file. */
function pathsIn({ rbac }: LoadedPolicy["settings"]): (path: string) => string {
  return (path) => (rbac.file === undefined ? `rbac.${path}` : `${path} of ${rbac.file}`);
}

function withPaths(found: Explanation, at: (path: string) => string): Explanation {
  return {
    ...found,
    held: found.held.map((held) => ({ ...held, rule: at(held.rule) })),
    rules: found.rules.map((rule) => ({ ...rule, setting: at(rule.setting) })),
  };
}

function resourceOf(look: () => ResourceExplanation): ResourceExplanation {
  try {
    return look();
  } catch (thrown) {
    if (thrown instanceof ToolError) throw new UsageError(`--resource: ${thrown.message}`);
    throw thrown;
  }
}
