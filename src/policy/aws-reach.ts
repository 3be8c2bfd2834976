import type { NamedResource, ResourceDimension } from "../core/aws-resource.ts";
import { parseEcsCluster } from "../core/ecs-cluster.ts";
import type { AwsLimits, Resources } from "./document.ts";

/** AWS resources that a tool may touch: those inside one of `allow` that nothing in `deny` matches. */
export interface AwsReach {
  allow: "all" | readonly AwsLimits[];
  deny: readonly AwsLimits[];
}

/** What a dimension is called where limits are written. */
export const limitNames = {
  account: "accounts",
  region: "regions",
  cluster: "ecsClusters",
  tags: "tags",
} as const satisfies Record<ResourceDimension, keyof AwsLimits>;

export const dimensions = Object.keys(limitNames) as ResourceDimension[];

/** What a role's resources allow of AWS; undefined where they name none of it. */
export function awsLimitsOf(resources: Resources): AwsLimits | undefined {
  const { accounts, regions, ecsClusters, tags } = resources;
  const limits = { accounts, regions, ecsClusters, tags };
  return Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined;
}

export function reachesAllOfAws({ allow, deny }: AwsReach): boolean {
  return allow === "all" && deny.length === 0;
}

export function reachesResource({ allow, deny }: AwsReach, resource: NamedResource): boolean {
  if (allow === "all" && deny.length === 0) return true;
  if (!isWellNamed(resource)) return false;
  if (deny.some((limits) => deniedBy(limits, resource) !== undefined)) return false;
  return allow === "all" || allow.some((limits) => leftOutBy(limits, resource) === undefined);
}

/** The first dimension in which limits that allow do not hold the resource. Of a well-named one. */
export function leftOutBy(limits: AwsLimits, resource: NamedResource): ResourceDimension | undefined {
  return dimensions.find((dimension) => !allows(limits, resource, dimension));
}

/** The first dimension in which limits that deny match the resource. Of a well-named one. */
export function deniedBy(limits: AwsLimits, resource: NamedResource): ResourceDimension | undefined {
  return dimensions.find((dimension) => denies(limits, resource, dimension));
}

const account = /^\d{12}$/;
const region = /^[a-z]{2,}(?:-[a-z0-9]+)+$/;

/** Whether every name is spelled in the one way there is: of others it cannot be said what AWS would take them for. */
export function isWellNamed(resource: NamedResource): boolean {
  if (resource.account !== undefined && !account.test(resource.account)) return false;
  if (typeof resource.region === "string" && !region.test(resource.region)) return false;
  if (typeof resource.cluster !== "string") return true;
  const named = parseEcsCluster(resource.cluster);
  if (!named) return false;
  return (
    isSameOrUnsaid(named.account, resource.account) &&
    isSameOrUnsaid(named.region, resource.region ?? undefined)
  );
}

function isSameOrUnsaid(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

type Rule = "allow" | "deny";

function allows(limits: AwsLimits, resource: NamedResource, dimension: ResourceDimension): boolean {
  if (limits[limitNames[dimension]] === undefined) return true;
  if (resource[dimension] === undefined) return isFoundLater(resource, dimension);
  return matches[dimension](limits, resource, "allow");
}

/** What nobody finds out may be what is denied. */
function denies(limits: AwsLimits, resource: NamedResource, dimension: ResourceDimension): boolean {
  if (limits[limitNames[dimension]] === undefined) return false;
  if (resource[dimension] === undefined) return !isFoundLater(resource, dimension);
  return matches[dimension](limits, resource, "deny");
}

function isFoundLater({ later = [] }: NamedResource, dimension: ResourceDimension): boolean {
  return later.includes(dimension);
}

/** Whether a resource matches one limit, both of them known. */
const matches: Record<
  ResourceDimension,
  (limits: AwsLimits, resource: NamedResource, rule: Rule) => boolean
> = {
  account: ({ accounts = [] }, { account }) => accounts.some((named) => named === account),
  region: ({ regions = [] }, { region }) => regions.some((named) => named === region),
  cluster: ({ ecsClusters = [] }, resource, rule) =>
    ecsClusters.some((named) => isCluster(named, resource, rule)),
  tags: ({ tags: limit = {} }, { tags = {} }, rule) =>
    rule === "allow"
      ? Object.entries(limit).every(
          ([key, values]) => Object.hasOwn(tags, key) && values.includes(tags[key] ?? ""),
        )
      : Object.entries(tags).some(([key, value]) => isDeniedTag(limit, key, value)),
};

/**
 * Capitals do not matter where something is denied: IAM does not tell keys of tags apart by them, and a deny must not miss
 * what its author means.
 */
function isDeniedTag(denied: NonNullable<AwsLimits["tags"]>, key: string, value: string): boolean {
  return Object.entries(denied).some(
    ([name, values]) => isSameWord(name, key) && values.some((one) => isSameWord(one, value)),
  );
}

/** A name alone means the cluster of that name in every account and region; an ARN, that one. */
function isCluster(named: string, resource: NamedResource, rule: Rule): boolean {
  const limit = parseEcsCluster(named);
  const given = parseEcsCluster(resource.cluster ?? "");
  if (!limit || !given) return false;
  const isNamed = rule === "allow" ? limit.name === given.name : isSameWord(limit.name, given.name);
  return isNamed && isThere("account") && isThere("region");

  function isThere(part: "account" | "region"): boolean {
    const wanted = limit?.[part];
    const there = resource[part] === undefined ? given?.[part] : resource[part];
    if (wanted === undefined || there === wanted) return true;
    return there === undefined && isFoundLater(resource, part) === (rule === "allow");
  }
}

function isSameWord(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
