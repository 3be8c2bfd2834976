import type { ListToolsResult, Tool as WireTool } from "@modelcontextprotocol/server";
import { contractOf, type JsonSchema } from "../core/contract.ts";
import type { Principal } from "../core/principal.ts";
import type { CallSteps } from "../core/steps.ts";
import { confirmationArgument, type Tool } from "../core/tool.ts";
import { isListed } from "./may-see.ts";

/** Which tools are listed, to whom, and whether their old names are listed beside them. */
export interface ToolListOptions {
  tools: readonly Tool[];
  steps: CallSteps;
  /** Whether the names of older systems are listed beside the tools' own. */
  listAliases: boolean;
  /** Listed after the registry's tools, for every caller. */
  extra: readonly WireTool[];
}

/** Distinct lists kept: far above what roles give, far below what would hurt. */
const maxKeptLists = 256;

/** The tools one caller sees. */
export interface ToolList {
  result: ListToolsResult;
  /** The list as JSON text: writing it anew is most of what an answer costs. */
  json: string;
}

/**
 * The answer of tools/list for one caller. Schemas are converted once per process and the list is built once
 * per set of tools somebody may see, which is what makes listing cheap.
 */
export function createToolList({ tools, steps, listAliases, extra }: ToolListOptions) {
  // Tools that change things then take the token of their plan.
  const takeTokens = steps.confirmer.plansFirst === true;
  const wired = tools.map((tool) => ({ tool, entries: wireEntries(tool, listAliases, takeTokens) }));
  const kept = new Map<string, ToolList>();
  return (principal: Principal): ToolList => {
    const visible = wired.filter(({ tool }) => isListed(steps, principal, tool));
    const key = visible.length === wired.length ? "all" : visible.map(({ tool }) => tool.name).join();
    const known = kept.get(key);
    if (known) return known;
    const tools = [...visible.flatMap(({ entries }) => entries), ...extra];
    const list = { result: { tools }, json: JSON.stringify(tools) };
    if (kept.size < maxKeptLists) kept.set(key, list);
    return list;
  };
}

function wireEntries(tool: Tool, listAliases: boolean, takeTokens: boolean): WireTool[] {
  const { name, title, description, outputSchema, annotations } = contractOf(tool);
  const schemaOf = (input: Tool["input"]) => {
    const { inputSchema } = contractOf({ ...tool, input });
    return takeTokens && tool.effect !== "read" ? withToken(inputSchema) : inputSchema;
  };
  const inputSchema = schemaOf(tool.input);
  const entry: WireTool = { name, title, description, inputSchema, outputSchema, annotations };
  if (!listAliases) return [entry];
  const aliases = tool.aliases.map((alias) => ({
    ...entry,
    name: alias.name,
    description: `Older name of ${name}. ${description}`,
    inputSchema: schemaOf(alias.input),
  }));
  return [entry, ...aliases];
}

const tokenProperty = { type: "string", description: "Of the plan that this call was answered with before" };

function withToken(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...(schema.properties ?? {}), [confirmationArgument]: tokenProperty } };
}
