import type {
  GetPromptResult,
  InputRequiredResult,
  LoggingLevel,
  Prompt,
  ReadResourceResult,
  Resource,
  Result,
  Server,
  ServerCapabilities,
  ServerContext,
  ServerOptions,
  StandardSchemaWithJSON,
  Tool as WireTool,
} from "@modelcontextprotocol/server";
import type { Connection } from "./connection.ts";

/** What a raw handler gets beside its arguments: the SDK's own context, and a log that respects the client's level. */
export interface RawContext {
  mcp: ServerContext;
  unit: Connection;
  log(level: LoggingLevel, data: unknown): Promise<void>;
}

/**
 * A tool that speaks MCP itself, for what the call path has no words for: content blocks, input asked of the
 * user, tasks. It bypasses the call path, so nothing that reaches AWS or data may be one.
 */
export interface RawTool {
  definition: Omit<WireTool, "inputSchema">;
  /** Made once, beforehand: the SDK keeps every schema it compiles. */
  input: StandardSchemaWithJSON<unknown, Record<string, unknown>>;
  /** A result of `tools/call`: content, a request for input, or one of an extension's kinds. */
  handle(given: Record<string, unknown>, context: RawContext): Promise<Result>;
}

/** A prompt whose messages are made for each request, of any kind of content. */
export interface RawPrompt {
  definition: Prompt;
  get(given: Record<string, string>, context: RawContext): Promise<GetPromptResult | InputRequiredResult>;
}

/** A resource with contents of its own rather than a tool's output. */
export interface RawResource {
  definition: Resource;
  read(uri: string, context: RawContext): Promise<ReadResourceResult>;
}

/** What is served beside the registry. */
export interface McpExtension {
  capabilities?: ServerCapabilities;
  tools?: readonly RawTool[];
  prompts?: readonly RawPrompt[];
  resources?: readonly RawResource[];
  /** Verifies what the client brings back in `requestState`; the SDK's option of the same name. */
  requestState?: NonNullable<ServerOptions["requestState"]>;
  /** Registers further request handlers on each instance, after all others. */
  attach?(server: Server, unit: Connection): void;
}
