import { describe, expect, test } from "vitest";
import { z } from "zod";
import { call, pathWith } from "../../test/harness/call-path.ts";
import { policyOf, resources, role } from "../../test/harness/policy-documents.ts";
import { principal } from "../../test/harness/policy-server.ts";
import { type AwsResource, outsideRoles } from "../core/aws-resource.ts";
import { allowWrites, unguarded } from "../core/steps.ts";
import { defineTool, type Services, type Tool } from "../core/tool.ts";
import { fixedAccess } from "./access.ts";
import { reachesResource } from "./aws-reach.ts";
import type { AwsLimits, Resources, Role } from "./document.ts";
import { policyStep } from "./policy-step.ts";

const acme = "111111111111";
const other = "222222222222";
const place = { account: z.string().default(acme), region: z.string().default("eu-west-1") };

interface Instance extends AwsResource {
  id: string;
  tags: Record<string, string>;
}

/** What stands in for AWS: instances by place, and what was done to them. */
const instances: Instance[] = [
  { id: "i-dev", account: acme, region: "eu-west-1", cluster: null, tags: { env: "dev" } },
  { id: "i-prod", account: acme, region: "eu-west-1", cluster: null, tags: { env: "prod" } },
  { id: "i-bare", account: acme, region: "eu-west-1", cluster: null, tags: {} },
  { id: "i-far", account: other, region: "eu-west-1", cluster: null, tags: { env: "dev" } },
];

function tools(stopped: string[]): Tool[] {
  const common = { title: "x", description: "x", iam: [], examples: [] };
  const output = z.object({ ids: z.array(z.string()) });
  return [
    defineTool({
      ...common,
      name: "test_list_instances",
      effect: "read",
      input: z.strictObject(place),
      output,
      resources: ({ account, region }) => [{ account, region, cluster: null, later: ["tags"] }],
      handle: async ({ account, region }, { may }) => ({
        ids: instances
          .filter((one) => one.account === account && one.region === region && may(one))
          .map(({ id }) => id),
      }),
    }),
    defineTool({
      ...common,
      name: "test_stop_instance",
      effect: "write",
      input: z.strictObject({ ...place, id: z.string() }),
      output,
      resources: ({ account, region }) => [{ account, region, cluster: null, later: ["tags"] }],
      async handle({ id }, { may }) {
        const found = instances.find((one) => one.id === id);
        if (!found || !may(found)) throw outsideRoles(`The instance ${id}`);
        stopped.push(id);
        return { ids: [id] };
      },
    }),
    defineTool({
      ...common,
      name: "test_describe_cluster",
      effect: "read",
      input: z.strictObject({ ...place, cluster: z.string().default("default") }),
      output,
      resources: ({ account, region, cluster }) => [{ account, region, cluster }],
      handle: async ({ cluster }) => ({ ids: [cluster] }),
    }),
    defineTool({
      ...common,
      name: "test_say_nothing",
      effect: "read",
      input: z.strictObject({}),
      output,
      handle: async () => ({ ids: ["all"] }),
    }),
  ];
}

function pathFor(roles: Record<string, Resources | undefined>) {
  const stopped: string[] = [];
  const offered = tools(stopped);
  const effects: Role["effects"] = ["read", "write"];
  const given = Object.fromEntries(
    Object.entries(roles).map(([name, resources]) => [name, role({ allow: ["*"], effects, resources })]),
  );
  const step = policyStep(fixedAccess(policyOf(given, offered)), (services: Services) => services);
  const path = pathWith(offered, { steps: { ...unguarded, policy: step, confirmer: allowWrites } });
  return { path, stopped };
}

const denied = { kind: "failed", fault: { code: "denied" } };
const ids = (...ids: string[]) => ({ kind: "completed", output: { ids } });

describe("in the call path", () => {
  test("a tool that does not say what it touches is denied to roles with limits, and to no others", async () => {
    for (const limits of [
      { accounts: [acme] },
      { regions: ["eu-west-1"] },
      { deny: { accounts: [other] } },
      { buckets: [{ bucket: "b", prefix: "" }] },
      {},
    ]) {
      const { path } = pathFor({ r: resources(limits) });
      expect(await call(path, "test_say_nothing")).toMatchObject({
        fault: { code: "denied", message: expect.stringContaining("does not say which AWS resources") },
      });
    }
    expect(await call(pathFor({ r: undefined }).path, "test_say_nothing")).toMatchObject(ids("all"));
    const both = pathFor({ all: undefined, no: resources({ deny: { tags: { a: ["b"] } } }) });
    expect(await call(both.path, "test_say_nothing")).toMatchObject(denied);
  });

  test("a list leaves out what the roles do not reach: a missing tag is none of theirs", async () => {
    const { path } = pathFor({ r: resources({ accounts: [acme], tags: { env: ["dev"] } }) });
    expect(await call(path, "test_list_instances")).toMatchObject(ids("i-dev"));
    expect(await call(path, "test_list_instances", { account: other })).toMatchObject(denied);
    const open = pathFor({ r: resources({ accounts: [acme, other], deny: { tags: { env: ["prod"] } } }) });
    expect(await call(open.path, "test_list_instances")).toMatchObject(ids("i-dev", "i-bare"));
  });

  test("a tool that acts is denied before it does", async () => {
    const { path, stopped } = pathFor({ r: resources({ regions: ["eu-west-1"], tags: { env: ["dev"] } }) });
    for (const id of ["i-prod", "i-bare", "i-nowhere"])
      expect(await call(path, "test_stop_instance", { id })).toMatchObject(denied);
    expect(await call(path, "test_stop_instance", { id: "i-dev", region: "eu-west-3" })).toMatchObject(
      denied,
    );
    expect(stopped).toEqual([]);
    expect(await call(path, "test_stop_instance", { id: "i-dev" })).toMatchObject(ids("i-dev"));
  });

  test("an account of one role and a region of another do not add up", async () => {
    const { path } = pathFor({
      here: resources({ accounts: [acme], regions: ["eu-west-1"] }),
      there: resources({ accounts: [other], regions: ["us-east-1"] }),
    });
    expect(await call(path, "test_list_instances")).toMatchObject({ kind: "completed" });
    expect(await call(path, "test_list_instances", { region: "us-east-1" })).toMatchObject(denied);
    expect(await call(path, "test_list_instances", { account: other })).toMatchObject(denied);
  });

  test("a limit on clusters denies what lies in none, and refusals name what was asked for", async () => {
    const { path } = pathFor({ r: resources({ ecsClusters: ["web"] }) });
    expect(await call(path, "test_list_instances")).toMatchObject(denied);
    expect(await call(path, "test_describe_cluster", { cluster: "web" })).toMatchObject(ids("web"));
    expect(await call(path, "test_describe_cluster", { cluster: "db" })).toMatchObject({
      fault: { message: expect.stringContaining('region "eu-west-1", cluster "db"') },
    });
  });
});

const arn = (name: string, { partition = "aws", region = "eu-west-1", account = acme } = {}) =>
  `arn:${partition}:ecs:${region}:${account}:cluster/${name}`;

/** A cluster in `acme`'s eu-west-1. */
function reaches(limits: Partial<Resources>, cluster: string, more: AwsResource = {}): boolean {
  const [, , describeCluster] = tools([]);
  if (!describeCluster) throw new Error("There must be such a tool.");
  const policy = policyOf({ r: role({ allow: ["*"], resources: resources(limits) }) }, tools([]));
  const [found] = [...policy.rightsOf(principal("ann")).aws].flatMap(([{ name }, reach]) =>
    name === describeCluster.name ? [reach] : [],
  );
  return (
    found !== undefined && reachesResource(found, { account: acme, region: "eu-west-1", cluster, ...more })
  );
}

describe("an ECS cluster", () => {
  test.each<[string, string, string, boolean]>([
    ["a name by its name", "web", "web", true],
    ["a name by its ARN", "web", arn("web"), true],
    ["an ARN by its name", arn("web"), "web", true],
    ["an ARN by its ARN", arn("web"), arn("web"), true],
    ["an ARN of another region by the name", arn("web", { region: "us-east-1" }), "web", false],
    ["an ARN of another account by the name", arn("web", { account: other }), "web", false],
    ["a name by another", "web", "web2", false],
  ])("of a limit is met: %s", (_, limit, named, isMet) => {
    expect(reaches({ ecsClusters: [limit] }, named)).toBe(isMet);
    const deny: AwsLimits = { ecsClusters: [limit] };
    expect(reaches({ regions: ["eu-west-1"], deny }, named)).toBe(!isMet);
  });

  test.each([
    " web",
    "web ",
    "web\n",
    "cluster/web",
    "./web",
    "wеb",
    "web%20",
    "",
    `${arn("web")}/`,
    `${arn("web")} `,
    arn("web").toUpperCase(),
    arn("web").replace("cluster", "Cluster"),
    arn("web", { region: "us-east-1" }),
    arn("web", { account: other }),
    "arn:aws:ecs:eu-west-1::cluster/web",
  ])("spelled %j slips past no deny, and is allowed nowhere", (spelled) => {
    expect(reaches({ regions: ["eu-west-1"], deny: { ecsClusters: ["web"] } }, spelled)).toBe(false);
    expect(reaches({ regions: ["eu-west-1"] }, spelled)).toBe(false);
    expect(reaches({ ecsClusters: ["web"] }, spelled)).toBe(false);
  });

  test("in other capitals is denied as well, and not allowed", () => {
    expect(reaches({ regions: ["eu-west-1"], deny: { ecsClusters: ["web"] } }, "WEB")).toBe(false);
    expect(reaches({ ecsClusters: ["web"] }, "WEB")).toBe(false);
  });
});

describe("tags", () => {
  const withTags = (limits: Partial<Resources>, tags: Record<string, string>) =>
    reaches(limits, "web", { tags });

  test("must all be there, each with one of its values, exactly", () => {
    const limits = { tags: { env: ["dev", "test"], team: ["data"] } };
    expect(withTags(limits, { env: "test", team: "data", more: "x" })).toBe(true);
    for (const tags of [{}, { env: "dev" }, { env: "Dev", team: "data" }, { Env: "dev", team: "data" }])
      expect(withTags(limits, tags)).toBe(false);
    expect(reaches(limits, "web")).toBe(false);
  });

  test("that are names of JavaScript's are none unless they are there", () => {
    expect(withTags({ tags: { constructor: ["x"] } }, {})).toBe(false);
    expect(withTags({ tags: { toString: [""] } }, {})).toBe(false);
    expect(withTags({ tags: { constructor: ["x"] } }, { constructor: "x" })).toBe(true);
  });

  test("deny whatever has one of them, in any capitals; unknown ones might be it", () => {
    const limits = { regions: ["eu-west-1"], deny: { tags: { env: ["prod"], locked: ["true"] } } };
    expect(withTags(limits, {})).toBe(true);
    expect(withTags(limits, { env: "dev" })).toBe(true);
    for (const tags of [{ env: "prod" }, { ENV: "Prod" }, { env: "dev", locked: "true" }])
      expect(withTags(limits, tags)).toBe(false);
    expect(reaches(limits, "web")).toBe(false);
  });
});
