import {
  type Implementation,
  type ServerCapabilities,
  UriTemplate,
  type Tool as WireTool,
} from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import type { PromptDefinition, ResourceDefinition } from "../core/exposure.ts";
import type { Principal } from "../core/principal.ts";
import { instructionsFor } from "./instructions.ts";
import type { McpExtension, RawPrompt, RawResource, RawTool } from "./raw.ts";
import { tasksExtension } from "./tasks/serve-tasks.ts";
import { createToolList, type ToolList } from "./tool-list.ts";

/** What the surface is computed from. */
export interface SurfaceOptions {
  calls: CallPath;
  serverInfo: Implementation;
  listAliases: boolean;
  extension: McpExtension;
  /** Whether nothing may outlive its request: then there are neither tasks nor word of changed lists. */
  requestsOnly: boolean;
}

/** A resource with its URI template parsed once. */
export interface CompiledResource {
  definition: ResourceDefinition;
  template: UriTemplate;
}

/** Everything MCP shows, computed once per process, so that a request builds nothing but its own server. */
export interface Surface {
  serverInfo: Implementation;
  instructions: string;
  capabilities: ServerCapabilities;
  /** Of MCP 2026-07-28 and later: with tasks, where there are any. */
  modernCapabilities: ServerCapabilities;
  extension: McpExtension;
  /** Whether any tool's call may become a task. */
  hasTasks: boolean;
  toolList(principal: Principal): ToolList;
  resources: readonly CompiledResource[];
  prompts: ReadonlyMap<string, PromptDefinition>;
  rawTools: ReadonlyMap<string, RawTool>;
  rawPrompts: ReadonlyMap<string, RawPrompt>;
  rawResources: ReadonlyMap<string, RawResource>;
}

/** Throws when two prompts, or two tools, raw or not, claim one name. */
export function createSurface(options: SurfaceOptions): Surface {
  const { calls, serverInfo, listAliases, extension, requestsOnly } = options;
  const { registry, steps } = calls;
  const rawTools = extension.tools ?? [];
  for (const { definition } of rawTools) {
    if (registry.find(definition.name)) throw new TypeError(`Two tools claim the name ${definition.name}.`);
  }
  const extra = rawTools.map(wireRawTool);
  const capabilities = capabilitiesOf(extension, !requestsOnly);
  const hasTasks = !requestsOnly && registry.tools.some(({ task }) => task === "optional");
  const definitions = registry.toolsets.flatMap((toolset) => toolset.resources ?? []);
  return {
    serverInfo,
    instructions: instructionsFor(registry.toolsets),
    capabilities,
    modernCapabilities: hasTasks
      ? { ...capabilities, extensions: { ...capabilities.extensions, [tasksExtension]: {} } }
      : capabilities,
    extension,
    hasTasks,
    toolList: createToolList({
      tools: registry.tools,
      steps,
      listAliases,
      extra,
    }),
    resources: definitions.map((definition) => ({
      definition,
      template: new UriTemplate(definition.uriTemplate),
    })),
    prompts: byName(
      registry.toolsets.flatMap((toolset) => toolset.prompts ?? []),
      ({ name }) => name,
    ),
    rawTools: byName(rawTools, ({ definition }) => definition.name),
    rawPrompts: byName(extension.prompts ?? [], ({ definition }) => definition.name),
    rawResources: byName(extension.resources ?? [], ({ definition }) => definition.uri),
  };
}

function capabilitiesOf({ capabilities = {} }: McpExtension, listChanged: boolean): ServerCapabilities {
  return {
    tools: { listChanged, ...capabilities.tools },
    resources: { listChanged, ...capabilities.resources },
    prompts: { listChanged, ...capabilities.prompts },
    completions: {},
    logging: {},
    ...(capabilities.extensions && { extensions: capabilities.extensions }),
  };
}

function wireRawTool({ definition, input }: RawTool): WireTool {
  const inputSchema = input["~standard"].jsonSchema.input({ target: "draft-2020-12" });
  return { ...definition, inputSchema: { ...inputSchema, type: "object" } };
}

function byName<T>(items: readonly T[], nameOf: (item: T) => string): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    const name = nameOf(item);
    if (map.has(name)) throw new TypeError(`Two definitions claim the name ${name}.`);
    map.set(name, item);
  }
  return map;
}
