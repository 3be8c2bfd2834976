import { expect, test } from "vitest";
import { z } from "zod";
import type { Toolset } from "./core/registry.ts";
import { defineTool } from "./core/tool.ts";
import { offeredToolsets } from "./offered-tools.ts";

function tool(name: string, alias?: string) {
  return defineTool({
    name,
    title: name,
    description: name,
    effect: "read",
    iam: [],
    input: z.object({}),
    output: z.object({}),
    examples: [],
    aliases: alias === undefined ? [] : [{ name: alias, input: z.object({}), toInput: (old) => old }],
    handle: async () => ({}),
  });
}

const sea: Toolset = {
  name: "sea",
  title: "Sea",
  tools: [tool("sea_list_fish", "list_fish"), tool("sea_read_fish"), tool("sea_list_ships")],
  resources: [
    {
      name: "fish",
      title: "Fish",
      description: "Fish",
      mimeType: "application/json",
      uriTemplate: "sluice://sea/{fish}",
      tool: "sea_read_fish",
      toInput: (given) => given,
    },
  ],
};

function offered(allow: string[], deny: string[] = [], toolsets = ["sea"]) {
  return offeredToolsets([sea], { toolsets, tools: { allow, deny, listAliases: false } })
    .flatMap(({ tools, resources }) => [...tools, ...(resources ?? [])])
    .map(({ name }) => name);
}

test("everything is offered by default, and each toolset once", () => {
  expect(offered(["*"], [], ["sea", "sea"])).toEqual([
    "sea_list_fish",
    "sea_read_fish",
    "sea_list_ships",
    "fish",
  ]);
});

test.each([
  [["sea_list_*"], [], ["sea_list_fish", "sea_list_ships"]],
  [["*_fish"], ["*read*"], ["sea_list_fish"]],
  [["*"], ["sea_*_fish"], ["sea_list_ships"]],
  [["list_fish"], [], ["sea_list_fish"]],
  [["*"], ["list_fish"], ["sea_read_fish", "sea_list_ships", "fish"]],
])("allowing %j and denying %j offers %j", (allow, deny, names) => {
  expect(offered(allow, deny)).toEqual(names);
});

test.each([
  [
    ["*"],
    ["sea_lst_fish"],
    ["sea"],
    'tools.deny: "sea_lst_fish" matches no tool: did you mean "sea_list_fish"?',
  ],
  [["Sea_list_fish"], [], ["sea"], 'tools.allow: "Sea_list_fish" matches no tool'],
  [["*"], [], ["see"], 'toolsets: "see" is not a toolset of this version: did you mean "sea"?'],
  [["*"], [], ["kubernetes"], "there is sea"],
])("allow %j, deny %j, toolsets %j is refused", (allow, deny, toolsets, says) => {
  expect(() => offered(allow, deny, toolsets)).toThrow(says);
});
