import {
  type GetPromptResult,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { PromptDefinition } from "../core/exposure.ts";
import { closest } from "../core/suggest.ts";
import { keepList } from "./keep-list.ts";
import { maySee } from "./may-see.ts";
import { onePageParams } from "./one-page.ts";
import { rawContext } from "./raw-call.ts";
import type { ServingUnit } from "./unit.ts";

const getParams = z.looseObject({ name: z.string(), arguments: z.record(z.string(), z.string()).optional() });

export function servePromptList(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("prompts/list", { params: onePageParams }, () =>
    keepList(unit, {
      prompts: [
        ...promptsSeen(unit).map(wirePrompt),
        ...[...unit.surface.rawPrompts.values()].map(({ definition }) => definition),
      ],
    }),
  );
}

/** Those whose tools this caller may all see. */
export function promptsSeen(unit: ServingUnit): PromptDefinition[] {
  const isSeen = ({ tools = [] }: PromptDefinition) => tools.every((tool) => maySee(unit, tool));
  return [...unit.surface.prompts.values()].filter(isSeen);
}

/** prompts/get. Throws -32602 for an unknown prompt or arguments off its schema. */
export function servePromptGet(server: Server, unit: ServingUnit): void {
  const { surface } = unit;
  server.setRequestHandler("prompts/get", { params: getParams }, (params, context) => {
    const given = params.arguments ?? {};
    const raw = surface.rawPrompts.get(params.name);
    if (raw) return raw.get(given, rawContext(context, unit));
    const seen = promptsSeen(unit);
    const prompt = seen.find(({ name }) => name === params.name);
    if (!prompt)
      throw unknownPrompt(
        params.name,
        seen.map(({ name }) => name),
      );
    return fill(prompt, given);
  });
}

function fill(prompt: PromptDefinition, given: Record<string, string>): GetPromptResult {
  const parsed = prompt.arguments.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => [path.join("."), message].join(": "));
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${prompt.name}: ${issues.join("; ")}`);
  }
  return {
    description: prompt.description,
    messages: [{ role: "user", content: { type: "text", text: prompt.text(filledArguments(parsed.data)) } }],
  };
}

/** Every argument of a prompt is a string; one left out is absent. */
function filledArguments(parsed: Record<string, unknown>): Record<string, string> {
  const filled = Object.entries(parsed).filter(([, value]) => value !== undefined);
  return Object.fromEntries(filled.map(([name, value]) => [name, String(value)]));
}

function wirePrompt({ name, title, description, arguments: schema }: PromptDefinition): Prompt {
  const entries = Object.entries(schema.shape).map(([argument, field]) => ({
    name: argument,
    ...(field.description !== undefined && { description: field.description }),
    required: !field.safeParse(undefined).success,
  }));
  return { name, title, description, arguments: entries };
}

function unknownPrompt(name: string, known: readonly string[]): ProtocolError {
  const near = closest(name, known);
  const hint = near === undefined ? "prompts/list has the names." : `Did you mean ${near}?`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${name.slice(0, 128)}. ${hint}`);
}
