import type { ToolFault } from "../../core/errors.ts";
import type { Progress } from "../../core/tool.ts";

export interface CallOptions {
  signal: AbortSignal;
  progress(update: Progress): void;
}

/** What a call came to. */
export type Answer =
  | { kind: "completed"; output: Record<string, unknown> }
  | { kind: "failed"; fault: Partial<ToolFault> & { message: string } }
  /** A server of another make, which answered in text alone. */
  | { kind: "text"; text: string }
  | { kind: "unknown_tool"; suggestion?: string | undefined };

/** A JSON Schema, as far as reading arguments from words needs it. */
export interface ArgumentSchema {
  properties?: Record<string, { type?: string | string[]; [keyword: string]: unknown }>;
}

/** Calls tools somewhere: in this process or on a server. */
export interface ToolCaller {
  /** The arguments a tool takes; `undefined` where the tool is not listed, as aliases are not. */
  argumentsOf(tool: string): Promise<ArgumentSchema | undefined>;
  call(tool: string, args: Record<string, unknown>, options: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}
