import { describe, expect, test } from "vitest";
import { type Choices, choices } from "../../test/fuzz/random.ts";
import { tool } from "../../test/harness/call-path.ts";
import { principal } from "../../test/harness/policy-server.ts";
import type { Principal } from "../core/principal.ts";
import type { Tool } from "../core/tool.ts";
import { fixedAccess } from "./access.ts";
import { type CompiledPolicy, compilePolicy } from "./compile-policy.ts";
import type { PolicyDocument, Resources, Role } from "./document.ts";
import { explain } from "./explain.ts";
import { policyStep } from "./policy-step.ts";

const aliases = [{ name: "read", input: tool("test_x_y").input, toInput: (old: object) => ({ ...old }) }];
const tools = [
  tool("test_read_rows", { aliases, resources: "lake" }),
  tool("test_list_rows"),
  tool("test_stop_thing", { effect: "write" }),
  tool("test_drop_thing", { effect: "destroy" }),
  tool("other_read_rows"),
];
const [readRows, listRows, stopThing] = tools as [Tool, Tool, Tool];

function role(changes: Partial<Role> = {}): Role {
  return { allow: [], deny: [], effects: ["read"], ...changes };
}

function document(changes: Partial<PolicyDocument>): PolicyDocument {
  return { roles: {}, bindings: [], default: Object.keys(changes.roles ?? {}), ...changes };
}

function compiled(changes: Partial<PolicyDocument>): CompiledPolicy {
  const policy = compilePolicy(document(changes), { tools, checkResources: () => [] });
  if (!("roles" in policy)) throw new Error(policy.join("\n"));
  return policy;
}

function problems(changes: Partial<PolicyDocument>): readonly string[] {
  const policy = compilePolicy(document(changes), { tools, checkResources: () => [] });
  return "roles" in policy ? [] : policy;
}

const seen = (policy: CompiledPolicy, who: Principal = principal("ann")) =>
  [...policy.rightsOf(who).reach.keys()].map(({ name }) => name);

describe("what a role sees", () => {
  test.each<[string, Partial<Role>, string[]]>([
    ["nothing", {}, []],
    ["one tool by name", { allow: ["test_read_rows"] }, ["test_read_rows"]],
    ["one by its alias", { allow: ["read"] }, ["test_read_rows"]],
    ["a toolset", { allow: ["other_*"] }, ["other_read_rows"]],
    ["a verb of a toolset", { allow: ["test_read_*"] }, ["test_read_rows"]],
    [
      "all but one denied by its alias",
      { allow: ["test_*"], deny: ["read", "test_stop_*", "test_drop_thing"] },
      ["test_list_rows"],
    ],
    ["nothing, where all is denied", { allow: ["*"], deny: ["*"] }, []],
    ["nothing, where nothing is allowed", { deny: ["other_*"] }, []],
    ["what it allows by name and effect", { allow: ["test_*"], effects: ["write"] }, ["test_stop_thing"]],
    ["nothing, without effects", { allow: ["*"], effects: [] }, []],
  ])("is %s", (_, given, expected) => {
    expect(seen(compiled({ roles: { r: role(given) } }))).toEqual(expected);
  });

  test("a pattern is no regular expression, and an alias is not met by a wildcard", () => {
    for (const pattern of [
      "test.read.rows",
      ".*",
      "test_read_row?",
      "TEST_READ_ROWS",
      "rea*",
      "tеst_read_rows",
    ]) {
      expect(problems({ roles: { r: role({ allow: [pattern] }) } })).toEqual([
        expect.stringContaining(`roles.r.allow: ${JSON.stringify(pattern)} matches no tool`),
      ]);
    }
  });
});

test("a name of one role and an effect of another do not add up", () => {
  const roles = {
    named: role({ allow: ["test_stop_thing", "test_read_rows"] }),
    writing: role({ allow: ["other_*"], effects: ["write", "destroy"] }),
  };
  expect(seen(compiled({ roles }))).toEqual(["test_read_rows"]);
});

const everyEffect = ["read", "write", "destroy"] as const;

describe("who has a role", () => {
  const policy = compiled({
    roles: { all: role({ allow: ["*"], effects: everyEffect }), constructor: role({ allow: ["other_*"] }) },
    default: [],
    bindings: [
      { principals: ["ann", "a.c", "__proto__"], roles: ["all"] },
      { scopes: ["lake.read"], roles: ["all"] },
      { claims: ["ops"], tenants: ["acme"], roles: ["constructor"] },
    ],
  });
  test.each<[string, Principal, number]>([
    ["a named id", principal("ann"), 5],
    ["an id in another case", principal("Ann"), 0],
    ["a look-alike id", principal("аnn"), 0],
    ["an id a regular expression would match", principal("abc"), 0],
    ["an id that is a name of JavaScript's", principal("constructor"), 0],
    ["one that is named, whatever it means elsewhere", principal("__proto__"), 5],
    ["no id", principal(""), 0],
    ["a scope", principal("x", { scopes: ["other", "lake.read"] }), 5],
    ["the beginning of a scope", principal("x", { scopes: ["lake", "lake.read.all"] }), 0],
    ["a scope as a claim", principal("x", { roles: ["lake.read"] }), 0],
    ["a claim in its tenant", principal("x", { roles: ["ops"], tenantId: "acme" }), 1],
    ["a claim in another tenant", principal("x", { roles: ["ops"] }), 0],
    ["a claim that names the role itself", principal("x", { roles: ["all"] }), 0],
  ])("%s", (_, who, count) => {
    expect(seen(policy, who)).toHaveLength(count);
  });
});

test("what names nothing is refused, with what was likely meant", () => {
  const roles = { analyst: role({ allow: ["test_raed_rows", "tset_*"] }) };
  expect(
    problems({ roles, default: ["analist"], bindings: [{ principals: ["a"], roles: ["__proto__"] }] }),
  ).toEqual([
    'roles.analyst.allow: "test_raed_rows" matches no tool: did you mean "test_read_rows"?',
    'roles.analyst.allow: "tset_*" matches no tool: did you mean "test_*"?',
    'bindings item 1: there is no role "__proto__"',
    'default: there is no role "analist": did you mean "analyst"?',
  ]);
});

test("a binding to a tenant that is none is refused where tenants are known", () => {
  const roles = { all: role({ allow: ["*"] }) };
  const bindings = [{ principals: ["a"], tenants: ["acme", "acem"], roles: ["all"] }];
  expect(
    compilePolicy(document({ roles, bindings }), { tools, tenants: ["acme"], checkResources: () => [] }),
  ).toEqual(['bindings item 1: there is no tenant "acem": did you mean "acme"?']);
  expect(problems({ roles, bindings })).toEqual([]);
});

const bucket = (name: string): Resources => ({
  buckets: [{ bucket: name, prefix: "" }],
  localRoots: [],
  catalogs: [],
});

test("what one role reaches is not lent to the tools of another", () => {
  const { rightsOf } = compiled({
    roles: {
      reader: role({ allow: ["test_read_rows", "test_stop_thing"], resources: bucket("one") }),
      lister: role({ allow: ["test_list_rows"], resources: bucket("two") }),
      writer: role({ allow: ["test_stop_thing"], effects: ["write"], resources: bucket("three") }),
    },
  });
  const { reach } = rightsOf(principal("ann"));
  expect(reach.get(readRows)).toEqual(bucket("one"));
  expect(reach.get(listRows)).toEqual(bucket("two"));
  expect(reach.get(stopThing)).toEqual(bucket("three"));
});

test("a role without resources reaches all, beside one that does not", () => {
  const roles = {
    one: role({ allow: ["*"], resources: bucket("one") }),
    all: role({ allow: ["test_read_rows"] }),
  };
  const { reach } = compiled({ roles }).rightsOf(principal("ann"));
  expect([reach.get(readRows), reach.get(listRows)]).toEqual(["all", bucket("one")]);
});

/** Roles made of few names, so that they meet. */
function someRoles({ some, of, below }: Choices): Record<string, Role> {
  const patterns = ["*", "test_*", "other_*", "test_read_*", "read", ...tools.map(({ name }) => name)];
  return Object.fromEntries(
    Array.from({ length: 1 + below(4) }, (_, at) => [
      `role${at}`,
      role({
        allow: some(patterns, 0, 3),
        deny: some(patterns, 0, 2),
        effects: some(["read", "write", "destroy"] as const, 0, 3),
        ...(below(2) === 0 ? {} : { resources: bucket(of(["one", "two"])) }),
      }),
    ]),
  );
}

test("of random roles, deny wins, allow only adds, and the rest is denied", () => {
  for (let seed = 0; seed < 1_000; seed++) {
    const chosen = choices(seed, 1);
    const roles = someRoles(chosen);
    const policy = compiled({ roles });
    const { reach } = policy.rightsOf(principal("ann"));
    const more = chosen.of(tools);
    const wider = compiled({ roles: { ...roles, more: role({ allow: [more.name] }) } }).rightsOf(
      principal("ann"),
    );
    const stricter = compiled({ roles: { ...roles, no: role({ deny: [more.name] }) } }).rightsOf(
      principal("ann"),
    );
    for (const one of tools) {
      const names = (given: Role, rule: "allow" | "deny") =>
        given[rule].some(
          (pattern) =>
            pattern === "*" ||
            pattern === one.name ||
            (pattern === "read" && one === readRows) ||
            (pattern.endsWith("_*") && one.name.startsWith(pattern.slice(0, -1))),
        );
      const all = Object.values(roles);
      const isAllowed = all.some((given) => names(given, "allow") && given.effects.includes(one.effect));
      const isDenied = all.some((given) => names(given, "deny"));
      expect([seed, one.name, reach.has(one)]).toEqual([seed, one.name, isAllowed && !isDenied]);
      if (reach.has(one)) expect(wider.reach.has(one)).toBe(true);
      if (reach.get(one) === "all") expect(wider.reach.get(one)).toBe("all");
      expect(explain(policy, principal("ann"), one).allowed).toBe(reach.has(one));
    }
    expect(stricter.reach.has(more)).toBe(false);
    expect(policy.rightsOf(principal("bob")).keys).toEqual(policy.rightsOf(principal("ann")).keys);
  }
});

test("asking for every tool of a thousand costs next to nothing", () => {
  const many = Array.from({ length: 1_000 }, (_, at) => tool(`test_do_${at}`));
  const bindings = Array.from({ length: 10_000 }, (_, at) => ({ principals: [`user${at}`], roles: ["r"] }));
  const given = { roles: { r: role({ allow: ["test_*"] }) }, bindings, default: [] };
  const policy = compilePolicy(given, { tools: many, checkResources: () => [] });
  if (!("roles" in policy)) throw new Error("It must compile.");
  const { visible } = policyStep(fixedAccess(policy), (services) => services);
  const begunMs = performance.now();
  let seenCount = 0;
  for (let times = 0; times < 100; times++) {
    const who = principal(`user${times}`);
    for (const one of many) if (visible(who, one)) seenCount++;
  }
  expect(seenCount).toBe(100_000);
  expect(performance.now() - begunMs).toBeLessThan(2_000);
});
