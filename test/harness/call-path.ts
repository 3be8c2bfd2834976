import { z } from "zod";
import { type CallPath, callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { createRegistry } from "../../src/core/registry.ts";
import { unguarded } from "../../src/core/steps.ts";
import { defineTool, type Services, type Tool, type ToolDefinition } from "../../src/core/tool.ts";

const output = z.object({ said: z.string() });

/** A tool that says its word back, but for what is given. */
export function tool(name: string, overrides: Partial<ToolDefinition<z.ZodObject, z.ZodObject>> = {}): Tool {
  return defineTool<z.ZodObject, z.ZodObject>({
    name,
    title: name,
    description: "A tool of this test.",
    effect: "read",
    iam: [],
    input: z.strictObject({ word: z.string().default("hello"), times: z.int().max(3).optional() }),
    output,
    examples: [],
    handle: async ({ word }) => ({ said: word }),
    ...overrides,
  });
}

/** A call path with a clock that goes on by 1 ms with each look. */
export function pathWith(tools: Tool[], options: Partial<CallPath> = {}): CallPath {
  let clockMs = 1_000;
  return {
    registry: createRegistry([{ name: "test", title: "Test", tools }]),
    steps: unguarded,
    services: {} as Services,
    bounds: { maxBytes: 1_000, maxRows: 10 },
    timeoutMs: 10_000,
    now: () => clockMs++,
    newId: () => "id-1",
    ...options,
  };
}

/** Calls as the local user. */
export const call = (path: CallPath, name: string, args: unknown = {}, signal?: AbortSignal) =>
  callTool(path, { name, arguments: args, principal: localPrincipal, signal });
