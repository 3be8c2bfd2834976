import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";
import { readPolicy } from "./rbac.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-rbac-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(yaml: string, env: Record<string, string> = {}) {
  const path = join(folder, "sluice.yaml");
  await writeFile(path, yaml);
  const surroundings = {
    env,
    cwd: folder,
    home: folder,
    os: "linux",
    cpuCount: 1,
    memoryBytes: 1e9,
  } as const;
  return loadConfig({ argv: [], surroundings });
}

/** What is wrong with settings, without the place of the file. */
async function wrongWith(yaml: string): Promise<string[]> {
  try {
    await load(yaml);
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems.map((line) => line.replace(/ \(\/[^)]*\)/, ""));
    throw thrown;
  }
}

test("a policy is read from the file, and from a variable as JSON", async () => {
  const role = { allow: ["lake_*"], deny: [], effects: ["read"] };
  const { settings } = await load(
    "rbac:\n  roles: { analyst: { allow: [lake_*], resources: { buckets: [sales/2026/], catalogs: ['athena://Sales.*', 'databricks://main.sales'] } } }\n  default: [analyst]\n",
  );
  expect(settings.rbac).toEqual({
    roles: {
      analyst: {
        ...role,
        resources: {
          buckets: [{ bucket: "sales", prefix: "2026/" }],
          localRoots: [],
          catalogs: [
            { catalog: "athena", database: "sales", table: "*" },
            { catalog: "databricks", names: ["main", "sales"] },
          ],
        },
      },
    },
    default: ["analyst"],
  });
  const env = { SLUICE_RBAC_ROLES: '{"analyst":{"allow":["lake_*"]}}', SLUICE_RBAC_DEFAULT: "analyst" };
  expect((await load("{}", env)).settings.rbac).toMatchObject({
    roles: { analyst: role },
    default: ["analyst"],
  });
  expect((await load("{}")).settings.rbac.roles).toBeUndefined();
});

test("accounts, regions, clusters and tags are read, and what is denied of them", async () => {
  const { settings } = await load(`rbac:
  roles:
    operator:
      allow: ["*"]
      resources:
        accounts: ["012345678901"]
        regions: [eu-west-1, us-gov-west-1]
        ecsClusters: [web, "arn:aws-cn:ecs:cn-north-1:012345678901:cluster/web"]
        tags: { env: [dev, test], team: data }
        deny: { tags: { locked: "true" } }
`);
  expect(settings.rbac.roles?.operator?.resources).toEqual({
    buckets: [],
    localRoots: [],
    catalogs: [],
    accounts: ["012345678901"],
    regions: ["eu-west-1", "us-gov-west-1"],
    ecsClusters: ["web", "arn:aws-cn:ecs:cn-north-1:012345678901:cluster/web"],
    tags: { env: ["dev", "test"], team: ["data"] },
    deny: { tags: { locked: ["true"] } },
  });
});

test.each<[string, string, RegExp]>([
  ["rbac:", "an empty policy", /^rbac is empty and would guard nothing/],
  ["rbac: {}", "an empty policy", /^rbac is empty/],
  ["rbac: { roles: }", "roles with nothing", /^rbac.roles is empty/],
  ["rbac: { rolls: {} }", "a mistyped setting", /did you mean rbac.roles\?/],
  ["rbac: { default: [a] }", "roles of nobody's", /^rbac.default: is set, and rbac.roles is not/],
  ["rbac: { default: [] }", "no roles for everybody", /^rbac.default: .*everybody could do everything/],
  ["rbac: { bindings: [] }", "no bindings", /^rbac.bindings: .*everybody could do everything/],
  ["rbac: { file: p.yaml, roles: {} }", "two policies", /two places of one policy/],
  [
    "rbac: { roles: { a: { alow: ['*'] } } }",
    "a mistyped member",
    /^rbac.roles.a: "alow" is not known: did you mean allow\?/,
  ],
  ["rbac: { roles: { a: { effects: [delete] } } }", "no effect", /^rbac.roles.a.effects item 1: /],
  [
    "rbac: { roles: { a: { allow: ['lake.*'] } } }",
    "a regular expression",
    /^rbac.roles.a.allow item 1: "lake\.\*" is neither/,
  ],
  ["rbac: { roles: { a: { allow: ['Lake_query'] } } }", "capitals", /is neither a tool's name/],
  ["rbac: { roles: { a: { allow: ['lаke_query'] } } }", "a look-alike", /is neither a tool's name/],
  ["rbac: { roles: { __proto__: { allow: ['*'] } } }", "__proto__", /^rbac.roles: "__proto__" is no name/],
  ["rbac: { roles: { 'a b': {} } }", "a blank", /^rbac.roles.a b: "a b" is no role's name/],
  [
    "rbac: { roles: { a: { resources: { buckets: [sales/x] } } } }",
    "a prefix with no slash",
    /resources.buckets item 1: the prefix "x" must end in "\/"/,
  ],
  [
    "rbac: { roles: { a: { resources: { buckets: ['s3://sales/'] } } } }",
    "a scheme",
    /write the bucket without its scheme/,
  ],
  [
    "rbac: { roles: { a: { resources: { buckets: [sales/a/../b/] } } } }",
    "dots",
    /has \. or \.\. in its prefix/,
  ],
  [
    "rbac: { roles: { a: { resources: { localRoots: [../x] } } } }",
    "a relative path",
    /resources.localRoots item 1: is neither/,
  ],
  [
    "rbac: { roles: { a: { resources: { localRoots: [/data/../etc] } } } }",
    "a path that climbs",
    /without \/\/, \. and \.\./,
  ],
  [
    "rbac: { roles: { a: { resources: { catalogs: [main.sales] } } } }",
    "no scheme",
    /neither databricks:\/\/catalog/,
  ],
  [
    "rbac: { roles: { a: { resources: { accounts: [012345678901] } } } }",
    "an account that YAML takes for a number",
    /resources.accounts item 1: must be in quotes/,
  ],
  [
    "rbac: { roles: { a: { resources: { accounts: ['1234'] } } } }",
    "no account",
    /"1234" is no account: 12 digits/,
  ],
  [
    "rbac: { roles: { a: { resources: { regions: [EU-WEST-1] } } } }",
    "a region in capitals",
    /"EU-WEST-1" is no region's name/,
  ],
  ["rbac: { roles: { a: { resources: { regions: ['eu-*'] } } } }", "a pattern", /is no region's name/],
  [
    "rbac: { roles: { a: { resources: { ecsClusters: ['cluster/web'] } } } }",
    "half an ARN",
    /neither the name of an ECS cluster nor its ARN/,
  ],
  [
    "rbac: { roles: { a: { resources: { ecsClusters: ['arn:aws:ecs:eu-west-1:123456789012:service/web/x'] } } } }",
    "an ARN of something else",
    /neither the name of an ECS cluster nor its ARN/,
  ],
  ["rbac: { roles: { a: { resources: { tags: {} } } } }", "no tags", /resources.tags: names no tag/],
  [
    "rbac: { roles: { a: { resources: { tags: { public: false } } } } }",
    "a tag that YAML takes for a truth value",
    /resources.tags.public: /,
  ],
  ["rbac: { roles: { a: { resources: { regions: [] } } } }", "an empty list", /resources.regions: /],
  ["rbac: { roles: { a: { resources: { deny: {} } } } }", "an empty deny", /resources.deny: names nothing/],
  [
    "rbac: { roles: { a: { resources: { deny: { regions: [eu-west-1], buckets: [x] } } } } }",
    "a deny of what cannot be denied",
    /resources.deny: "buckets" is not known/,
  ],
  [
    "rbac: { roles: { a: {} }, bindings: [{ roles: [a] }] }",
    "a binding of nobody",
    /^rbac.bindings item 1: must name one of principals, scopes and claims/,
  ],
  [
    "rbac: { roles: { a: {} }, bindings: [{ principals: [x], scopes: [y], roles: [a] }] }",
    "a binding of two kinds",
    /must name one of/,
  ],
  [
    "rbac: { roles: { a: {} }, bindings: [{ principals: ['*'], roles: [a] }] }",
    "everybody by a star",
    /what everybody has is rbac.default/,
  ],
])("%s is refused: %s", async (yaml, _, message) => {
  expect(await wrongWith(yaml)).toEqual([expect.stringMatching(message)]);
});

test("a policy's own file is JSON or YAML, with nothing else in it and nothing twice", async () => {
  expect(await readPolicy('{"roles":{"a":{"allow":["*"]}}}', "p.json")).toMatchObject({ default: [] });
  expect(await readPolicy("roles: { a: { allow: [x.y] } }\nrules: []\n", "p.yaml")).toEqual([
    expect.stringMatching(/^roles.a.allow item 1: /),
    expect.stringContaining('"rules" is not known: did you mean roles?'),
  ]);
  expect(await readPolicy('{"roles":{"__proto__":{"deny":["*"]}}}', "p.json")).toEqual([
    '"__proto__" is no name',
  ]);
  expect(await readPolicy("", "p.yaml")).toHaveLength(1);
  await expect(readPolicy("roles: {}\nroles: {}\n", "p.yaml")).rejects.toThrow("is not YAML");
});
