import type { z } from "zod";

/**
 * A tool call that stands behind something other than `tools/call`. Resources and completions are calls too,
 * so that identity, policy, limits and audit see them.
 */
export interface BackingCall<From> {
  tool: string;
  toInput(from: From): Record<string, unknown>;
}

export interface ResourceEntry {
  uri: string;
  name: string;
  description?: string;
  mimeType?: string;
  sizeBytes?: number;
}

/** Proposes values for what a user is typing. */
export interface Completion extends BackingCall<string> {
  toValues(output: Record<string, unknown>, typed: string): string[];
}

/** Resources of one shape. Reading one answers with the backing tool's output as JSON. */
export interface ResourceDefinition extends BackingCall<Record<string, string>> {
  name: string;
  title: string;
  description: string;
  mimeType: string;
  /** RFC 6570, such as `sluice://lake/{+dataset}`. */
  uriTemplate: string;
  /** `toInput` gets the cursor of the page before, where the tool gave one; its output's `cursor` leads on. */
  list?: BackingCall<string | undefined> & { toEntries(output: Record<string, unknown>): ResourceEntry[] };
  complete?: Record<string, Completion>;
}

/** A conversation opener a user picks by name. */
export interface PromptDefinition {
  name: string;
  title: string;
  description: string;
  /** Every argument is a string, as MCP has it. */
  arguments: z.ZodObject;
  complete?: Record<string, Completion>;
  /** The user message, made of the arguments. */
  text(given: Record<string, string>): string;
}
