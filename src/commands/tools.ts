import { contractOf } from "../core/contract.ts";
import { table } from "../core/render.ts";
import { isRefused } from "../core/steps.ts";
import { closest } from "../core/suggest.ts";
import type { Tool } from "../core/tool.ts";
import { defineCommand } from "./frame/command.ts";
import { UsageError } from "./frame/usage-error.ts";
import { type LoadedPolicy, loadPolicy } from "./policy/load-policy.ts";
import { estimateTokens } from "./tools/estimate-tokens.ts";

/** `sluice tools`: what this configuration offers, and what each tool costs a model to know. */
export const tools = defineCommand({
  name: "tools",
  positionals: "",
  summary: "Lists the tools this configuration offers, with the tokens each costs",
  options: {
    role: {
      type: "string",
      requiresArg: true,
      describe: "Those that whoever has this role alone sees (setting rbac)",
    },
    json: { type: "boolean", describe: "Print JSON" },
  },
  examples: [
    ["sluice tools", "What agents will see"],
    ["sluice tools --role analyst", "What an analyst's agent will see"],
    ["sluice tools --tools.deny lake_query --json", "Without one of them, for a program"],
  ],
  async run({ json, role }, context) {
    const { terminal } = context;
    const loaded = await loadPolicy(context);
    const rows = toolsSeen(role, loaded).map((tool) => ({
      ...describe(tool),
      listed: !isRefused(loaded.confirmer, tool),
    }));
    if (json) {
      terminal.out(JSON.stringify(rows, undefined, 2));
      return 0;
    }
    const cells = rows.map(({ name, toolset, effect, approximateTokens, title, listed }) => [
      name,
      toolset,
      listed ? effect : `${effect} (off)`,
      approximateTokens,
      title,
    ]);
    terminal.out(table(["tool", "toolset", "effect", "≈ tokens", "title"], cells));
    const listed = rows.filter((row) => row.listed);
    const total = listed.reduce((sum, { approximateTokens }) => sum + approximateTokens, 0);
    terminal.err(`${listed.length} tools, about ${total} tokens in all (estimated from their length).`);
    if (listed.length < rows.length) {
      terminal.err(
        "Those marked (off) are not listed to agents: the server changes nothing (setting writes).",
      );
    }
    return 0;
  },
});

function toolsSeen(role: string | undefined, { registry, policy }: LoadedPolicy): Tool[] {
  if (role === undefined) return [...registry.tools];
  const names = [...(policy?.roles.keys() ?? [])];
  if (!policy) throw new UsageError("--role names a role of the policy, and none is set (setting rbac).");
  if (!names.includes(role)) {
    const near = closest(role, names);
    throw new UsageError(`There is no role "${role}"${near ? `: did you mean "${near}"?` : "."}`);
  }
  const { reach } = policy.rightsWith([role]);
  return registry.tools.filter((tool) => reach.has(tool));
}

function describe(tool: Tool) {
  const { name, title, description, inputSchema, outputSchema, annotations, toolset, effect, aliases } =
    contractOf(tool);
  const listed = JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations });
  return { name, toolset, effect, approximateTokens: estimateTokens(listed), title, aliases };
}
