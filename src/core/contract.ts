import { z } from "zod";
import { envelopeOut } from "./results.ts";
import type { Effect, Tool, ToolExample } from "./tool.ts";

/** MCP tool annotations, derived from the effect alone. */
export interface ToolAnnotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** A tool as the wire, the docs and the console see it. One JSON file each in `contract/`. */
export interface ToolContract {
  name: string;
  toolset: string;
  title: string;
  description: string;
  effect: Effect;
  iam: readonly string[];
  aliases: readonly string[];
  annotations: ToolAnnotations;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
  examples: readonly ToolExample[];
}

export type JsonSchema = { type: "object"; [keyword: string]: unknown };

const generousChars = 64;
const generousItems = 64;

/** Every tool's answer may grow fields later, so outputs say nothing of additional properties. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io,
    target: "draft-2020-12",
    override: ({ jsonSchema: node }) => {
      if (io === "output") delete node.additionalProperties;
      // JavaScript's own bounds say nothing to a reader and cost tokens in every list.
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
      // Nor do bounds that no sensible text comes near: a refusal names them.
      if (node.minLength === 1) delete node.minLength;
      if (Number(node.maxLength) >= generousChars) delete node.maxLength;
      if (Number(node.maxItems) >= generousItems) delete node.maxItems;
      const names = node.propertyNames;
      if (typeof names === "object" && Object.keys(names).join() === "type") delete node.propertyNames;
    },
  });
  return { ...json, type: "object" };
}

export function annotationsOf(tool: Pick<Tool, "effect" | "idempotent">): ToolAnnotations {
  return {
    readOnlyHint: tool.effect === "read",
    destructiveHint: tool.effect === "destroy",
    idempotentHint: tool.idempotent,
    openWorldHint: false,
  };
}

/** Converts the schemas anew each time: callers keep the result (see `mcp/`, which holds it per registry). */
export function contractOf(tool: Tool): ToolContract {
  return {
    name: tool.name,
    toolset: tool.toolset,
    title: tool.title,
    description: tool.description,
    effect: tool.effect,
    iam: tool.iam,
    aliases: tool.aliases.map((alias) => alias.name),
    annotations: annotationsOf(tool),
    inputSchema: jsonSchema(tool.input, "input"),
    outputSchema: jsonSchema(tool.output.extend(envelopeOut), "output"),
    examples: tool.examples,
  };
}
