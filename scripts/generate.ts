import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { contractOf } from "../src/core/contract.ts";
import type { Tool } from "../src/core/tool.ts";
import { toolsets } from "../src/toolsets/index.ts";
import { settingsPage } from "./settings-page.ts";
import { toolsPage } from "./tools-page.ts";
import { walkModule } from "./walk-module.ts";

/**
 * Writes contract/<tool>.json, docs/tools.md, docs/settings.md and the compiled walk.wat from the code. With --check writes
 * nothing and fails where what is on disk differs.
 */
const root = join(import.meta.dirname, "..");
const isCheck = process.argv.includes("--check");

const tools = toolsets.flatMap((toolset) => toolset.tools).sort(byName);
const wanted = new Map<string, string>([
  ...tools.map((tool): [string, string] => [
    join("contract", `${tool.name}.json`),
    `${JSON.stringify(contractOf(tool), null, 2)}\n`,
  ]),
  [join("docs", "tools.md"), toolsPage(toolsets)],
  [join("docs", "settings.md"), settingsPage()],
  [join("src", "lake", "sql", "scan", "walk-module.ts"), await walkModule(root)],
]);

const stale = [...(await differing()), ...(await leftOver())];
if (stale.length === 0) {
  console.log(`${wanted.size} generated files are in sync.`);
} else if (isCheck) {
  console.error(`Out of sync with the code:\n${stale.map((path) => `  ${path}`).join("\n")}`);
  console.error("Run npm run generate and commit what it changes; git diff shows it.");
  process.exitCode = 1;
} else {
  await mkdir(join(root, "contract"), { recursive: true });
  for (const path of stale) {
    const content = wanted.get(path);
    await (content === undefined ? rm(join(root, path)) : writeFile(join(root, path), content));
    console.log(`${content === undefined ? "removed" : "wrote"} ${path}`);
  }
}

async function differing(): Promise<string[]> {
  const paths: string[] = [];
  for (const [path, content] of wanted) {
    const onDisk = await readFile(join(root, path), "utf8").catch(() => undefined);
    if (onDisk !== content) paths.push(path);
  }
  return paths;
}

/** Contracts of tools that are no more. */
async function leftOver(): Promise<string[]> {
  const names = await readdir(join(root, "contract")).catch(() => []);
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => join("contract", name))
    .filter((path) => !wanted.has(path));
}

function byName(a: Tool, b: Tool): number {
  return a.name < b.name ? -1 : 1;
}
