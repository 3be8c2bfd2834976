import { expect, test } from "vitest";
import { type Choices, choices } from "../../test/fuzz/random.ts";
import { tool } from "../../test/harness/call-path.ts";
import { policyOf, resources, role } from "../../test/harness/policy-documents.ts";
import { principal } from "../../test/harness/policy-server.ts";
import type { AwsResource, NamedResource } from "../core/aws-resource.ts";
import { dimensions, reachesResource } from "./aws-reach.ts";
import type { AwsLimits, Role } from "./document.ts";
import { explainAws } from "./explain-aws.ts";

/** The last of each is named by no rule. */
const accounts = ["111111111111", "222222222222", "333333333333"];
const regions = ["eu-west-1", "us-east-1", "ap-south-1"];
const clusters = ["web", "db", "unnamed"];
const tagSets: Record<string, string>[] = ["dev", "Prod", "other", undefined].flatMap((env) =>
  ["data", undefined].map((team) => ({ ...(env && { env }), ...(team && { team }) })),
);

type Known = { account: string; region: string | null; cluster: string | null; tags: Record<string, string> };

const arnOf = (account: string, region: string, name: string) =>
  `arn:aws:ecs:${region}:${account}:cluster/${name}`;

const worlds: Known[] = accounts.flatMap((account) =>
  [...regions, null].flatMap((region) =>
    [...clusters, null].flatMap((cluster) => tagSets.map((tags) => ({ account, region, cluster, tags }))),
  ),
);

function someLimits(chosen: Choices, percent: number): AwsLimits {
  const { some, chance, of } = chosen;
  const named = <T>(items: readonly T[]) => some(items.slice(0, -1), 1, 2);
  const arn = () => arnOf(of(accounts), of(regions), of(clusters.slice(0, -1)));
  return {
    ...(chance(percent) && { accounts: named(accounts) }),
    ...(chance(percent) && { regions: named(regions) }),
    ...(chance(percent) && { ecsClusters: [...named(clusters), arn()].slice(chosen.below(2)) }),
    ...(chance(percent) && { tags: of([{ env: ["dev"] }, { env: ["dev", "prod"], team: ["data"] }]) }),
  };
}

const tools = [
  tool("test_read_a", { resources: () => [{}] }),
  tool("test_read_b", { resources: () => [{}] }),
];

function someRoles(chosen: Choices): Record<string, Role> {
  const { below, some, chance } = chosen;
  return Object.fromEntries(
    Array.from({ length: 1 + below(3) }, (_, at) => {
      const deny = someLimits(chosen, 15);
      const limits = { ...someLimits(chosen, 40), ...(Object.keys(deny).length > 0 && { deny }) };
      const changes = chance(15) ? {} : { resources: resources(limits) };
      const allow = some(["test_read_a", "test_*"], 0, 2);
      return [`role${at}`, role({ allow, deny: chance(10) ? ["test_read_b"] : [], ...changes })];
    }),
  );
}

/** The rules once more, in the plainest words there are, of a resource of which everything is known. */
function isAllowed(roles: readonly Role[], name: string, { account, region, cluster, tags }: Known): boolean {
  const names = (patterns: readonly string[]) => patterns.includes(name) || patterns.includes("test_*");
  const low = (text: string) => text.toLowerCase();
  const isCluster = (named: string) =>
    cluster !== null && (named === cluster || named === arnOf(account, region ?? "", cluster));
  for (const { deny, resources } of roles) {
    if (names(deny)) return false;
    const no = resources?.deny;
    if (no?.accounts?.includes(account) || (region !== null && no?.regions?.includes(region))) return false;
    if (no?.ecsClusters?.some(isCluster)) return false;
    for (const [key, values] of Object.entries(no?.tags ?? {}))
      if (values.some((value) => low(value) === low(tags[key] ?? "(none)"))) return false;
  }
  return roles.some(({ allow, resources: yes }) => {
    if (!names(allow)) return false;
    if (yes === undefined) return true;
    if (!yes.accounts && !yes.regions && !yes.ecsClusters && !yes.tags) return false;
    if (yes.accounts && !yes.accounts.includes(account)) return false;
    if (yes.regions && (region === null || !yes.regions.includes(region))) return false;
    if (yes.ecsClusters && !yes.ecsClusters.some(isCluster)) return false;
    return Object.entries(yes.tags ?? {}).every(([key, values]) => values.includes(tags[key] ?? "(none)"));
  });
}

/** Spells a cluster by its name or its ARN. */
function spelled({ below }: Choices, { cluster, account, region, tags }: Known): AwsResource {
  const isArn = cluster !== null && region !== null && below(2) === 0;
  return { account, region, tags, cluster: isArn ? arnOf(account, region, cluster) : cluster };
}

const first = Math.floor(Math.random() * 1e9);

test(`random policies decide as a naive reading of them does (first seed ${first})`, () => {
  let allowedCount = 0;
  for (let seed = first; seed < first + 1_500; seed++) {
    const chosen = choices(seed);
    const roles = someRoles(chosen);
    const policy = policyOf(roles, tools);
    const whole = chosen.of(worlds);
    const hidden = chosen.some(dimensions, 0, 2);
    for (const one of tools) {
      const reach = policy.rightsOf(principal("ann")).aws.get(one);
      const may = (resource: NamedResource) => reach !== undefined && reachesResource(reach, resource);
      const expected = (world: Known) => isAllowed(Object.values(roles), one.name, world);
      const known = spelled(chosen, whole);
      expect([seed, one.name, known, may(known)]).toEqual([seed, one.name, known, expected(whole)]);
      if (reach && explainAws(policy, principal("ann"), one, known)?.allowed === false)
        expect(may(known)).toBe(false);
      const partly = Object.fromEntries(
        Object.entries(whole).filter(([name]) => !hidden.some((dimension) => dimension === name)),
      );
      const possible = worlds.filter((world) =>
        dimensions.every((name) => hidden.includes(name) || world[name] === whole[name]),
      );
      // What is not known and never will be must be allowed whatever it is. An unknown cluster is denied by any deny of one.
      const always = possible.every(expected);
      const hasDeny = Object.values(roles).some(({ resources }) => resources?.deny !== undefined);
      if (!hasDeny || !always)
        expect([seed, one.name, partly, may(partly)]).toEqual([seed, one.name, partly, always]);
      // What is asked later is not denied now where it may turn out to be allowed.
      if (possible.some(expected)) expect([seed, may({ ...partly, later: hidden })]).toEqual([seed, true]);
      if (expected(whole)) allowedCount++;
    }
  }
  expect(allowedCount).toBeGreaterThan(200);
});
