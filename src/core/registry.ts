import type { PromptDefinition, ResourceDefinition } from "./exposure.ts";
import { closest } from "./suggest.ts";
import type { Tool, ToolAlias } from "./tool.ts";

export interface Toolset {
  name: string;
  title: string;
  tools: readonly Tool[];
  resources?: readonly ResourceDefinition[];
  prompts?: readonly PromptDefinition[];
}

/** A tool as found by the name a caller used. */
export interface FoundTool {
  tool: Tool;
  /** Set when the caller used a name of an older system. */
  alias?: ToolAlias;
}

/** Every tool this process can call. Fixed at start-up. */
export interface Registry {
  readonly toolsets: readonly Toolset[];
  readonly tools: readonly Tool[];
  find(name: string): FoundTool | undefined;
  /** The known name nearest to a mistyped one. */
  suggest(name: string): string | undefined;
}

/** Throws when two tools or aliases claim one name, or a tool sits in the wrong toolset. */
export function createRegistry(toolsets: readonly Toolset[]): Registry {
  const byName = new Map<string, FoundTool>();
  const claim = (name: string, found: FoundTool) => {
    if (byName.has(name)) throw new TypeError(`Two tools claim the name ${name}.`);
    byName.set(name, found);
  };
  for (const toolset of toolsets) {
    for (const tool of toolset.tools) {
      if (tool.toolset !== toolset.name)
        throw new TypeError(`${tool.name} is listed in toolset ${toolset.name}.`);
      claim(tool.name, { tool });
      for (const alias of tool.aliases) claim(alias.name, { tool, alias });
    }
  }
  return {
    toolsets,
    tools: toolsets.flatMap((toolset) => toolset.tools),
    find: (name) => byName.get(name),
    suggest: (name) => closest(name, [...byName.keys()]),
  };
}
