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

/** One page of the resources of a definition. */
export interface ResourcePage {
  entries: ResourceEntry[];
  /** Present when more follow. */
  cursor?: string;
}

/** Calls a tool as the client that lists. Throws what the call fails with. */
export type ToolCaller = (tool: string, input: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** How the resources of a definition are listed. */
export interface ResourceListing {
  /** The tools it calls: without one of them the resources cannot be listed. */
  tools: readonly string[];
  /** `cursor` is what the page before gave, unchecked: callers can forge it. */
  page(call: ToolCaller, cursor: string | undefined): Promise<ResourcePage>;
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
  list?: ResourceListing;
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
  /** The tools its text sends the model to: whoever may not see one of them is not shown it. Default: none. */
  tools?: readonly string[];
  /** The user message, made of the arguments. */
  text(given: Record<string, string>): string;
}
