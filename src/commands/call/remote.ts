import { Client, ProtocolError, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import { version } from "../../version.ts";
import { UnreachableError } from "../frame/unreachable-error.ts";
import type { Answer, ArgumentSchema, ToolCaller } from "./tool-caller.ts";

/** Longer than any server should let a call run: the server's own deadline is the one that counts. */
const requestTimeoutMs = 3_600_000;
const connectTimeoutMs = 10_000;

const faultShape = z.looseObject({ code: z.string(), message: z.string() });

export interface Remote {
  url: URL;
  /** What proves who calls. Goes to `url` and nowhere else: with it, no redirect is followed. */
  headers?: Record<string, string>;
}

/** Calls tools of an MCP server, in the newest protocol it speaks. Throws when it cannot be reached. */
export async function connectRemote({ url, headers = {} }: Remote, signal: AbortSignal): Promise<ToolCaller> {
  const client = new Client(
    { name: "sluice-call", version },
    { versionNegotiation: { mode: "auto", probe: { timeoutMs: connectTimeoutMs } } },
  );
  const hasCredential = Object.keys(headers).length > 0;
  const requestInit: RequestInit = hasCredential ? { headers, redirect: "error" } : {};
  const transport = new StreamableHTTPClientTransport(url, { requestInit });
  await client.connect(transport, { timeout: connectTimeoutMs, signal }).catch((cause) => {
    throw new UnreachableError(`No MCP server answers at ${url.href}. ${hintFor(cause)}`, cause);
  });
  return {
    close: () => client.close(),
    async argumentsOf(name) {
      const { tools } = await client.listTools(undefined, { signal });
      return tools.find((tool) => tool.name === name)?.inputSchema as ArgumentSchema | undefined;
    },
    async call(name, args, options) {
      try {
        const result = await client.callTool(
          { name, arguments: args },
          {
            signal: options.signal,
            timeout: requestTimeoutMs,
            onprogress: ({ progress, total, message }) =>
              options.progress({
                done: progress,
                ...(total !== undefined && { total }),
                ...(message !== undefined && { message }),
              }),
          },
        );
        return toAnswer(result);
      } catch (thrown) {
        if (thrown instanceof ProtocolError) return { kind: "failed", fault: { message: thrown.message } };
        if (options.signal.aborted) throw thrown;
        throw new UnreachableError(`${url.href} did not answer the call (${rootMessage(thrown)})`, thrown);
      }
    },
  };
}

type CallToolResult = Awaited<ReturnType<Client["callTool"]>>;

function toAnswer({ isError, structuredContent, content }: CallToolResult): Answer {
  const text = content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("\n");
  if (isError) {
    const fault = faultShape.safeParse(structuredContent);
    return { kind: "failed", fault: fault.success ? (fault.data as { message: string }) : { message: text } };
  }
  const output = z.record(z.string(), z.unknown()).safeParse(structuredContent);
  return output.success ? { kind: "completed", output: output.data } : { kind: "text", text };
}

function hintFor(cause: unknown): string {
  const status = cause instanceof Error && "status" in cause ? cause.status : undefined;
  if (status === 401) return "It wants to know who calls: give --key or --token, or another one.";
  if (status === 403) return "It knows who calls and does not let them in: the token may lack a scope.";
  if (status === 404)
    return "Something else is there: give the URL of the MCP endpoint, which mostly ends in /mcp.";
  return `Is it running? (${rootMessage(cause)})`;
}

/** The first cause: what the network said, rather than who passed it on. */
function rootMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.cause !== undefined) return rootMessage(thrown.cause);
  return thrown.message === "" && "code" in thrown ? String(thrown.code) : thrown.message;
}
