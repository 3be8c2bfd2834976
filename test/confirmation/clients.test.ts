import { fileURLToPath } from "node:url";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { faultOf, type ToolAnswer } from "../harness/clients.ts";
import { confirmingFront } from "../harness/confirming-front.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";
import type { Switch } from "../harness/switch-toolset.ts";

type Reply = { action: "accept" | "decline" | "cancel"; content?: Record<string, boolean> };
const yes: Reply = { action: "accept", content: { confirm: true } };

interface Asking {
  call(args: Record<string, unknown>): Promise<ToolAnswer>;
  /** What the user was asked so far. */
  questions: string[];
  close(): Promise<void>;
}

const info = { name: "tests", version: "1" };
const name = "switch_set_position";

let lamp: Switch;
let adapter: HttpAdapter;
let url: URL;
const open: Asking[] = [];

beforeEach(async () => {
  const parts = confirmingFront();
  lamp = parts.lamp;
  adapter = createHttpAdapter(parts);
  url = new URL(`${(await adapter.listen()).url}/mcp`);
});
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
  await adapter.close();
});

const script = fileURLToPath(new URL("../harness/confirming-stdio-server.ts", import.meta.url));
const server = { command: process.execPath, args: ["--import", "tsx", script] };

async function modern(reply: Reply | undefined, transport: ModernHttp | ModernStdio): Promise<Asking> {
  const client = new ModernClient(info, {
    versionNegotiation: { mode: "auto" },
    capabilities: reply ? { elicitation: { form: {} } } : {},
  });
  const questions: string[] = [];
  if (reply) {
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      questions.push(params.message);
      return reply;
    });
  }
  await client.connect(transport);
  return keep({
    questions,
    call: async (given) => (await client.callTool({ name, arguments: given })) as ToolAnswer,
    close: () => client.close(),
  });
}

async function legacy(reply: Reply | undefined, transport: unknown): Promise<Asking> {
  const client = new LegacyClient(info, { capabilities: reply ? { elicitation: {} } : {} });
  const questions: string[] = [];
  if (reply) {
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      questions.push(params.message);
      return reply;
    });
  }
  await client.connect(transport as LegacyTransport);
  // Clients that know a tool's output schema hold its structured content against it.
  await client.listTools();
  return keep({
    questions,
    call: async (given) => (await client.callTool({ name, arguments: given })) as ToolAnswer,
    close: () => client.close(),
  });
}

function keep(asking: Asking): Asking {
  open.push(asking);
  return asking;
}

const ways = [
  { way: "2026-07-28 over HTTP", connect: (reply?: Reply) => modern(reply, new ModernHttp(url)) },
  { way: "2026-07-28 over stdio", connect: (reply?: Reply) => modern(reply, new ModernStdio(server)) },
  { way: "a session over HTTP", connect: (reply?: Reply) => legacy(reply, new LegacyHttp(url)) },
  { way: "a session over stdio", connect: (reply?: Reply) => legacy(reply, new LegacyStdio(server)) },
];

describe.each(ways)("$way", ({ connect }) => {
  test("asks the user, who reads the plan and agrees", async () => {
    const client = await connect(yes);
    const answer = await client.call({ position: "on" });
    expect(answer.isError).toBeFalsy();
    expect(answer.structuredContent).toEqual({ position: "on", effects: 1 });
    expect(client.questions).toEqual([
      "switch_set_position: Sets the switch\n- position: off → on\nIn account 123456789012, region eu-central-1.\nIt can be undone.",
    ]);
    // The next one is asked for anew.
    expect((await client.call({ position: "on" })).structuredContent).toMatchObject({ effects: 2 });
    expect(client.questions).toHaveLength(2);
  });

  test.each([
    ["declines", { action: "decline" }, "declined"],
    ["closes the question", { action: "cancel" }, "closed the question"],
    ["sends the form without its tick", { action: "accept", content: { confirm: false } }, "declined"],
  ] as [string, Reply, string][])("a user who %s stops it", async (_how, reply, word) => {
    const client = await connect(reply);
    const fault = faultOf(await client.call({ position: "on" }));
    expect(fault).toMatchObject({ code: "denied", message: expect.stringContaining(word) });
    expect(client.questions).toHaveLength(1);
  });

  test("without elicitation, the agent confirms with the token, once", async () => {
    const client = await connect();
    const planned = await client.call({ position: "on" });
    const { details, code } = faultOf(planned) as {
      code: string;
      details: { plan: object; confirmationToken: string };
    };
    expect(code).toBe("conflict");
    expect(details.plan).toMatchObject({ changes: [{ what: "position", from: "off", to: "on" }] });
    // Hosts that show texts alone show the plan, too.
    expect(planned.content.map(({ text }) => text).join("\n")).toContain(details.confirmationToken);
    const { confirmationToken } = details;
    const [first, again] = [
      await client.call({ position: "on", confirmationToken }),
      await client.call({ position: "on", confirmationToken }),
    ];
    expect(first.structuredContent).toEqual({ position: "on", effects: 1 });
    expect(again.structuredContent).toEqual({
      position: "on",
      effects: 1,
      alreadyCarriedOutAt: expect.any(String),
    });
  });
});

test("the list says that writes take a token", async () => {
  const { body, headers } = modernRequest("tools/list");
  const { messages } = await postMcp(adapter, body, headers);
  const tools = messages[0]?.result?.tools as { name: string; inputSchema: { properties: object } }[];
  for (const tool of tools) expect(tool.inputSchema.properties).toHaveProperty("confirmationToken");
});

describe("a client of 2026-07-28 that sends what it should not", () => {
  const canAsk = { "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };

  async function send(params: Record<string, unknown>, as = "ada") {
    const request = modernRequest("tools/call", {
      name,
      _meta: canAsk,
      arguments: { position: "on" },
      ...params,
    });
    const { messages } = await postMcp(adapter, request.body, { ...request.headers, authorization: as });
    return messages.at(-1)?.result ?? { error: messages.at(-1)?.error };
  }

  async function question() {
    const result = await send({});
    expect(result).toMatchObject({ resultType: "input_required" });
    return String(result.requestState);
  }

  const accept = { inputResponses: { confirm: yes } };
  const codeOf = (result: Record<string, unknown>) =>
    (result.structuredContent as { code?: string } | undefined)?.code;

  test("is refused another's state, altered state, other arguments, and state as an argument", async () => {
    const requestState = await question();
    expect(codeOf(await send({ ...accept, requestState }, "bob"))).toBe("denied");
    expect(codeOf(await send({ ...accept, requestState: `${requestState}A` }))).toBe("denied");
    expect(codeOf(await send({ ...accept, requestState, arguments: { position: "half" } }))).toBe("denied");
    expect(codeOf(await send({ arguments: { position: "on", confirmationToken: requestState } }))).toBe(
      "denied",
    );
    expect(lamp.effects).toBe(0);
    expect((await send({ ...accept, requestState })).structuredContent).toMatchObject({ effects: 1 });
  });

  test("is asked again where it brings an answer without the state, or the state without an answer", async () => {
    expect(await send(accept)).toMatchObject({ resultType: "input_required" });
    const requestState = await question();
    expect(await send({ requestState })).toMatchObject({ resultType: "input_required" });
    expect(lamp.effects).toBe(0);
  });

  test("has one effect, however often it sends the answer", async () => {
    const requestState = await question();
    const results = await Promise.all(Array.from({ length: 50 }, () => send({ ...accept, requestState })));
    expect(lamp.effects).toBe(1);
    for (const { structuredContent } of results) {
      const { code = "done" } = structuredContent as { code?: string };
      expect(["done", "conflict"]).toContain(code);
    }
  });

  test("whose declaration has links but no forms is given the token", async () => {
    const _meta = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } } };
    expect(codeOf(await send({ _meta }))).toBe("conflict");
  });
});
