import { loadConfig } from "../config/load.ts";
import { contractOf } from "../core/contract.ts";
import { table } from "../core/render.ts";
import type { Tool } from "../core/tool.ts";
import { defineCommand } from "./frame/command.ts";
import { estimateTokens } from "./tools/estimate-tokens.ts";

/** `sluice tools`: what this configuration offers, and what each tool costs a model to know. */
export const tools = defineCommand({
  name: "tools",
  positionals: "",
  summary: "Lists the tools this configuration offers, with the tokens each costs",
  options: { json: { type: "boolean", describe: "Print JSON" } },
  examples: [
    ["sluice tools", "What agents will see"],
    ["sluice tools --tools.deny lake_query --json", "Without one of them, for a program"],
  ],
  async run({ json }, { argv, terminal }) {
    const { settings } = await loadConfig({ argv, surroundings: terminal.surroundings });
    const { offeredRegistry } = await import("../assemble.ts");
    const rows = offeredRegistry(settings).tools.map(describe);
    if (json) {
      terminal.out(JSON.stringify(rows, undefined, 2));
      return 0;
    }
    const cells = rows.map(({ name, toolset, effect, approximateTokens, title }) => [
      name,
      toolset,
      effect,
      approximateTokens,
      title,
    ]);
    terminal.out(table(["tool", "toolset", "effect", "≈ tokens", "title"], cells));
    const total = rows.reduce((sum, { approximateTokens }) => sum + approximateTokens, 0);
    terminal.err(`${rows.length} tools, about ${total} tokens in all (estimated from their length).`);
    return 0;
  },
});

function describe(tool: Tool) {
  const { name, title, description, inputSchema, outputSchema, annotations, toolset, effect, aliases } =
    contractOf(tool);
  const listed = JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations });
  return { name, toolset, effect, approximateTokens: estimateTokens(listed), title, aliases };
}
