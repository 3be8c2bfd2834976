import { ConfigError } from "./config/config-error.ts";
import type { Settings } from "./config/schema.ts";
import type { Toolset } from "./core/registry.ts";
import { closest } from "./core/suggest.ts";
import type { Tool } from "./core/tool.ts";

/**
 * The toolsets a configuration offers: those of `toolsets`, with the tools `tools.allow` names and `tools.deny`
 * does not. An alias stands for its tool. Throws `ConfigError` for a name that matches nothing: a tool that was
 * meant to be denied must not slip through by a typing mistake.
 */
export function offeredToolsets(
  available: readonly Toolset[],
  settings: Pick<Settings, "toolsets" | "tools">,
): Toolset[] {
  const problems: string[] = [];
  const chosen = settings.toolsets.flatMap((name) => findToolset(name, available, problems));
  const tools = available.flatMap((toolset) => toolset.tools);
  const allowed = matchAll("tools.allow", settings.tools.allow, tools, problems);
  const denied = matchAll("tools.deny", settings.tools.deny, tools, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return [...new Set(chosen)].map((toolset) =>
    onlyWith(toolset, (tool) => allowed.has(tool) && !denied.has(tool)),
  );
}

function findToolset(name: string, available: readonly Toolset[], problems: string[]): Toolset[] {
  const found = available.find((toolset) => toolset.name === name);
  if (found) return [found];
  const known = available.map((toolset) => toolset.name);
  const near = closest(name, known);
  problems.push(
    `toolsets: "${name}" is not a toolset of this version${near ? `: did you mean "${near}"?` : `; there is ${known.join(", ")}`}`,
  );
  return [];
}

function matchAll(
  setting: string,
  patterns: readonly string[],
  tools: readonly Tool[],
  problems: string[],
): Set<Tool> {
  const matched = new Set<Tool>();
  for (const pattern of patterns) {
    const matches = tools.filter((tool) => namesOf(tool).some((name) => matchesPattern(name, pattern)));
    if (matches.length === 0) {
      const near = closest(pattern, tools.flatMap(namesOf));
      problems.push(
        `${setting}: "${pattern}" matches no tool${near ? `: did you mean "${near}"?` : ". See them with: sluice tools"}`,
      );
    }
    for (const tool of matches) matched.add(tool);
  }
  return matched;
}

function namesOf(tool: Tool): string[] {
  return [tool.name, ...tool.aliases.map((alias) => alias.name)];
}

/** `*` stands for any characters; everything else for itself. Linear: each part is searched for once. */
function matchesPattern(name: string, pattern: string): boolean {
  const [first = "", ...parts] = pattern.split("*");
  if (parts.length === 0) return name === pattern;
  const last = parts.pop() ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let from = first.length;
  for (const part of parts) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > name.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}

/** A toolset without some tools, the resources that call them, and the lists of resources that do. */
function onlyWith(toolset: Toolset, offered: (tool: Tool) => boolean): Toolset {
  const tools = toolset.tools.filter(offered);
  const names = new Set(tools.map((tool) => tool.name));
  const resources = toolset.resources
    ?.filter(({ tool }) => names.has(tool))
    .map(({ list, ...resource }) =>
      list?.tools.every((tool) => names.has(tool)) ? { ...resource, list } : resource,
    );
  return { ...toolset, tools, ...(resources === undefined ? {} : { resources }) };
}
