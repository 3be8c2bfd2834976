import { closest } from "../core/suggest.ts";
import type { Tool } from "../core/tool.ts";

/** The tools a pattern names: one by its name or alias, those whose names begin so (`lake_*`), or all (`*`). */
export function toolsOf(pattern: string, tools: readonly Tool[]): Tool[] {
  if (pattern.endsWith("*")) {
    const beginning = pattern.slice(0, -1);
    return tools.filter(({ name }) => name.startsWith(beginning));
  }
  return tools.filter(
    ({ name, aliases }) => name === pattern || aliases.some((alias) => alias.name === pattern),
  );
}

/** What is wrong with patterns that name nothing: a tool that was meant must not slip through by a typing mistake. */
export function patternProblems(
  patterns: readonly string[],
  tools: readonly Tool[],
  setting: string,
): string[] {
  return patterns
    .filter((pattern) => toolsOf(pattern, tools).length === 0)
    .map((pattern) => {
      const near = closest(pattern, patternNames(tools));
      return `${setting}: ${JSON.stringify(pattern)} matches no tool${near ? `: did you mean "${near}"?` : ". See them with: sluice tools"}`;
    });
}

function patternNames(tools: readonly Tool[]): string[] {
  const toolsets = [...new Set(tools.map(({ toolset }) => `${toolset}_*`))];
  return [
    ...tools.flatMap(({ name, aliases }) => [name, ...aliases.map((alias) => alias.name)]),
    ...toolsets,
  ];
}
