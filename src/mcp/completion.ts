import {
  type CompleteResult,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Completion } from "../core/exposure.ts";
import { callBacking } from "./backing.ts";
import { maySee } from "./may-see.ts";
import { promptsSeen } from "./prompts.ts";
import { resourcesSeen } from "./resources.ts";
import type { ServingUnit } from "./unit.ts";

const completeParams = z.looseObject({
  ref: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("ref/prompt"), name: z.string() }),
    z.looseObject({ type: z.literal("ref/resource"), uri: z.string() }),
  ]),
  argument: z.looseObject({ name: z.string(), value: z.string() }),
});

type Reference = z.output<typeof completeParams>["ref"];

/** What MCP lets one answer hold. */
const maxValues = 100;

/** completion/complete: values proposed by a tool call. An argument without proposals gets none. */
export function serveCompletion(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("completion/complete", { params: completeParams }, async (params, context) => {
    const completions = completionsOf(params.ref, unit);
    const { name } = params.argument;
    const completion = Object.hasOwn(completions, name) ? completions[name] : undefined;
    if (!completion || !maySee(unit, completion.tool)) return completed([]);
    const typed = params.argument.value;
    const output = await callBacking(completion, typed, context, unit);
    return completed(completion.toValues(output, typed));
  });
}

function completed(values: string[]): CompleteResult {
  const hasMore = values.length > maxValues;
  return { completion: { values: values.slice(0, maxValues), total: values.length, hasMore } };
}

function completionsOf(reference: Reference, unit: ServingUnit): Record<string, Completion> {
  const { surface } = unit;
  if (reference.type === "ref/prompt") {
    const prompt = promptsSeen(unit).find(({ name }) => name === reference.name);
    if (prompt) return prompt.complete ?? {};
    if (surface.rawPrompts.has(reference.name)) return {};
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown prompt: ${reference.name.slice(0, 128)}`,
    );
  }
  const { uri } = reference;
  const resource = resourcesSeen(unit).find(({ definition }) => definition.uriTemplate === uri);
  if (resource) return resource.definition.complete ?? {};
  if (surface.rawResources.has(uri)) return {};
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown resource template: ${uri.slice(0, 128)}`);
}
