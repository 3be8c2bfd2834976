import { expect, test } from "vitest";
import { tool } from "../../../test/harness/call-path.ts";
import { policyOf, resources, role } from "../../../test/harness/policy-documents.ts";
import { principal } from "../../../test/harness/policy-server.ts";
import { recordingTerminal } from "../../../test/harness/terminal.ts";
import { askedResources, type ResourceFlags } from "./asked-resources.ts";
import { decide } from "./decide.ts";
import { loadPolicy } from "./load-policy.ts";

const stopTask = tool("test_stop_task", { resources: () => [{ later: ["tags"] }] });
const sayNothing = tool("test_say_nothing");
const readLake = tool("test_read_lake", { resources: "lake" });
const tools = [stopTask, sayNothing, readLake];

const operator = resources({
  accounts: ["111111111111"],
  regions: ["eu-west-1"],
  ecsClusters: ["web"],
  tags: { env: ["dev"] },
  deny: { ecsClusters: ["arn:aws:ecs:eu-west-1:111111111111:cluster/db"] },
});

async function explained(flags: ResourceFlags, one = stopTask) {
  const terminal = recordingTerminal({});
  const loaded = await loadPolicy({ argv: [], terminal });
  const roles = { operator: role({ allow: ["*"], resources: operator }) };
  const policy = policyOf(roles, tools);
  return decide({ ...loaded, policy }, principal("ann"), one, askedResources(flags));
}

test.each<[ResourceFlags, boolean, RegExp, string, string[]]>([
  [{}, true, /inside what the role operator/, "", ["account", "region", "cluster", "tags"]],
  [{ region: "eu-west-1", account: "111111111111" }, true, /inside/, "", ["cluster", "tags"]],
  [{ region: "eu-west-3" }, false, /outside/, ".regions", ["account", "cluster", "tags"]],
  [{ account: "222222222222" }, false, /outside/, ".accounts", ["region", "cluster", "tags"]],
  [{ cluster: "web2" }, false, /outside/, ".ecsClusters", ["account", "region", "tags"]],
  [{ tag: "env=dev,more=x" }, true, /inside/, "", ["account", "region", "cluster"]],
  [{ tag: "more=x" }, false, /outside/, ".tags", ["account", "region", "cluster"]],
  [
    { cluster: "db", region: "eu-west-1", account: "111111111111" },
    false,
    /a deny of its cluster wins/,
    ".deny.ecsClusters",
    ["tags"],
  ],
])("with %j it is allowed: %s", async (flags, allowed, why, place, unsaid) => {
  const { allowed: decided, aws } = await explained(flags);
  expect([decided, aws?.allowed, aws?.why, aws?.setting, aws?.unsaid]).toEqual([
    allowed,
    allowed,
    expect.stringMatching(why),
    `rbac.roles.operator.resources${place}`,
    unsaid,
  ]);
});

test("a name that is spelled otherwise than names are is allowed to nobody", async () => {
  expect(await explained({ cluster: "web " })).toMatchObject({
    allowed: false,
    aws: { why: expect.stringContaining("no such name") },
  });
});

test("a tool that does not say what it touches is denied, and why is said", async () => {
  expect(await explained({}, sayNothing)).toMatchObject({
    allowed: false,
    aws: { why: expect.stringContaining("does not say"), setting: "rbac.roles.operator.resources" },
  });
});

test("flags that mean nothing are wrong usage", async () => {
  await expect(explained({ region: "eu-west-1" }, readLake)).rejects.toThrow("reads the lake alone");
  await expect(explained({ tag: "env" })).rejects.toThrow('"env" is not key=value');
  await expect(explained({ bucket: "a", resource: "s3://a/" })).rejects.toThrow("give one of them");
});
