import { expect, test } from "vitest";
import { call, pathWith, tool } from "../../test/harness/call-path.ts";
import { policyOf, resources, role } from "../../test/harness/policy-documents.ts";
import { principal } from "../../test/harness/policy-server.ts";
import { callTool } from "../core/call.ts";
import { type UnknownCall, unguarded } from "../core/steps.ts";
import type { Services } from "../core/tool.ts";
import { fixedAccess } from "./access.ts";
import { policyStep } from "./policy-step.ts";

const alias = (name: string) => [
  { name, input: tool("test_x_y").input, toInput: (old: object) => ({ ...old }) },
];
const readRows = tool("test_read_rows", { aliases: alias("read"), resources: "lake" });
const tools = [
  readRows,
  tool("test_list_rows"),
  tool("test_stop_thing", { effect: "write", aliases: alias("stop") }),
  tool("test_drop_thing", { effect: "destroy" }),
];

const one = resources({ buckets: [{ bucket: "one", prefix: "" }] });
const policy = policyOf({ r: role({ allow: ["test_*"], deny: ["test_list_rows"], resources: one }) }, tools);
const step = policyStep(fixedAccess(policy), () => ({}) as Services);
const path = () => pathWith(tools, { steps: { ...unguarded, policy: step } });

test("a hidden tool is answered as one that does not exist, and is not suggested", async () => {
  expect(await call(path(), "test_list_rows")).toEqual({ kind: "unknown_tool", name: "test_list_rows" });
  expect(await call(path(), "test_list_row")).toEqual({ kind: "unknown_tool", name: "test_list_row" });
});

test("a call by an alias is one by the name", async () => {
  expect(await call(path(), "read")).toMatchObject({ kind: "completed", output: { said: "hello" } });
  expect(await call(path(), "test_read_rows")).toMatchObject({ kind: "completed" });
});

test("so is one whose effect no role allows that names it, by every name of it", async () => {
  expect(await call(path(), "test_stop_thing")).toEqual({ kind: "unknown_tool", name: "test_stop_thing" });
  expect(await call(path(), "stop")).toEqual({ kind: "unknown_tool", name: "stop" });
  expect(await call(path(), "test_stop_thng")).toEqual({ kind: "unknown_tool", name: "test_stop_thng" });
  expect(await call(path(), "test_drop_thing")).toEqual({ kind: "unknown_tool", name: "test_drop_thing" });
});

test.each([
  [
    "test_stop_thing",
    "no role that allows test_stop_thing by name allows its effect, write (roles.r.allow has test_*; roles.r.effects has read)",
  ],
  ["test_list_rows", "a deny wins over every allow (roles.r.deny has test_list_rows)"],
])("whoever runs the server is told why %s is hidden", async (name, why) => {
  const told: unknown[] = [];
  const observer = { ...unguarded.observer, unknownTool: (of: UnknownCall) => told.push(of.hidden?.why) };
  const recorded: unknown[] = [];
  const auditor = {
    ...unguarded.auditor,
    unknown: async (of: UnknownCall) => void recorded.push(of.hidden?.why),
  };
  await call({ ...path(), steps: { ...unguarded, policy: step, observer, auditor } }, name);
  expect([told, recorded]).toEqual([[why], [why]]);
});

test("without a policy that can be used every call is denied, and nothing is seen", async () => {
  const broken = policyStep({ state: () => ({ problems: ["x"] }) }, (services) => services);
  const given = { ...path(), steps: { ...unguarded, policy: broken } };
  expect(await call(given, "test_read_rows")).toMatchObject({ fault: { code: "denied" } });
  expect(broken.visible(principal("ann"), readRows)).toBe(false);
});

test("a policy that changes while a call waits is the one that holds", async () => {
  let now = policy;
  const changing = policyStep({ state: () => ({ policy: now }) }, (services) => services);
  const limiter = {
    admit: async () => {
      now = policyOf({ r: role({ allow: ["test_list_*"] }) }, tools);
      return () => {};
    },
  };
  const given = { ...path(), steps: { ...unguarded, policy: changing, limiter } };
  const who = principal("ann");
  expect(await callTool(given, { name: "read", arguments: {}, principal: who })).toMatchObject({
    fault: { code: "denied" },
  });
});
