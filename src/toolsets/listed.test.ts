import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toolsets } from "./index.ts";

const folder = import.meta.dirname;

async function toolFiles(toolset: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of await readdir(join(folder, toolset))) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const source = await readFile(join(folder, toolset, name), "utf8");
    if (/\bdefineTool\(/.test(source)) files.push(name);
  }
  return files;
}

test("every folder of tools is a toolset", async () => {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.sort()).toEqual(toolsets.map(({ name }) => name).sort());
});

test.each(toolsets.map((toolset) => [toolset.name, toolset] as const))(
  "every tool file in %s is listed in its index and named after its tool",
  async (name, toolset) => {
    const listed = toolset.tools.map((tool) => `${tool.name.slice(name.length + 1).replaceAll("_", "-")}.ts`);
    expect(listed.sort()).toEqual((await toolFiles(name)).sort());
  },
);

test.each(toolsets.flatMap(({ tools }) => tools).map((tool) => [tool.name, tool] as const))(
  "%s has examples its own schema accepts",
  (_name, tool) => {
    expect(tool.examples.length).toBeGreaterThan(0);
    for (const { input } of tool.examples) expect(tool.input.safeParse(input).error).toBeUndefined();
  },
);

test.each(toolsets.flatMap(({ tools }) => tools).map((tool) => [tool.name, tool] as const))(
  "%s says what it touches, so that roles can hold it",
  (_name, { resources }) => {
    expect(resources).toBeDefined();
  },
);
