import { Client as ModernClient, type Transport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";

export interface CallOptions {
  onprogress?: (update: {
    progress: number;
    total?: number | undefined;
    message?: string | undefined;
  }) => void;
  signal?: AbortSignal;
}

/** A tool's result as either client gives it. */
export interface ToolAnswer {
  content: { type: string; text?: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

/** A fault, from wherever this era carries it. Fails for an answer that is none. */
export function faultOf({ isError, structuredContent, content }: ToolAnswer): Record<string, unknown> {
  if (!isError) throw new Error("The answer is not a fault.");
  return structuredContent ?? JSON.parse(content[1]?.text ?? "");
}

/** What the suites need of a real client, the same for both generations of the SDK. */
export interface TestClient {
  protocolVersion(): string | undefined;
  instructions(): string | undefined;
  call(name: string, given: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  toolNames(): Promise<string[]>;
  promptNames(): Promise<string[]>;
  promptText(name: string, given: Record<string, string>): Promise<string>;
  resourceUris(): Promise<string[]>;
  templates(): Promise<string[]>;
  readText(uri: string): Promise<string>;
  complete(templateUri: string, argument: string, typed: string): Promise<string[]>;
  close(): Promise<void>;
}

type AnyClient = Pick<
  ModernClient,
  | "listTools"
  | "listPrompts"
  | "getPrompt"
  | "listResources"
  | "listResourceTemplates"
  | "readResource"
  | "complete"
  | "close"
  | "getInstructions"
>;

const clientInfo = { name: "sluice-tests", version: "0.0.0" };

/** The client of SDK v2, which speaks 2026-07-28. */
export async function connectModern(transport: ModernTransport): Promise<TestClient> {
  const client = new ModernClient(clientInfo, { versionNegotiation: { mode: "auto" } });
  await client.connect(transport);
  return {
    ...commonFace(client),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
    call: async (name, given, options) =>
      (await client.callTool({ name, arguments: given }, options)) as ToolAnswer,
  };
}

/** The client of SDK v1, which speaks the revisions with sessions. */
export async function connectLegacy(
  transport: LegacyTransport & { protocolVersion?: string | undefined },
): Promise<TestClient> {
  const client = new LegacyClient(clientInfo);
  await client.connect(transport);
  return {
    ...commonFace(client as unknown as AnyClient),
    protocolVersion: () => transport.protocolVersion,
    call: async (name, given, options) =>
      (await client.callTool({ name, arguments: given }, CallToolResultSchema, options)) as ToolAnswer,
  };
}

function commonFace(client: AnyClient) {
  return {
    instructions: () => client.getInstructions(),
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    promptNames: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    promptText: async (name: string, given: Record<string, string>) => {
      const { messages } = await client.getPrompt({ name, arguments: given });
      const content = messages[0]?.content;
      return content?.type === "text" ? content.text : "";
    },
    resourceUris: () => everyUri(client),
    templates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    readText: async (uri: string) => {
      const [first] = (await client.readResource({ uri })).contents;
      return first && "text" in first ? String(first.text) : "";
    },
    complete: async (uri: string, name: string, value: string) => {
      const ref = { type: "ref/resource" as const, uri };
      return (await client.complete({ ref, argument: { name, value } })).completion.values;
    },
    close: () => client.close(),
  };
}

/** Every page: the v2 client walks them by itself, the v1 client does not. */
async function everyUri(client: AnyClient): Promise<string[]> {
  const uris: string[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await client.listResources(cursor === undefined ? {} : { cursor });
    uris.push(...page.resources.map(({ uri }) => uri));
    cursor = page.nextCursor;
  }
  return [...new Set(uris)];
}
