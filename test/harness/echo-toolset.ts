import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../../src/core/errors.ts";
import type { Toolset } from "../../src/core/registry.ts";
import type { CallContext } from "../../src/core/tool.ts";
import { defineTool } from "../../src/core/tool.ts";

export const echoText = defineTool({
  name: "echo_text",
  title: "Echo text",
  description: "Gives back what it was given.",
  effect: "read",
  iam: [],
  input: z.strictObject({ text: z.string() }),
  output: z.object({ text: z.string(), principal: z.string() }),
  examples: [{ title: "One word", input: { text: "hello" } }],
  aliases: [
    {
      name: "old_echo",
      input: z.strictObject({ words: z.string() }),
      toInput: ({ words }) => ({ text: words }),
    },
  ],
  handle: async ({ text }, { principal }) => ({ text, principal: principal.id }),
});

/** The echo tools, with a word on each run of `echo_slowly` that has begun. */
export function watchedEcho(begun: (text: string) => void): Toolset {
  const tools = echoToolset.tools.map((tool) =>
    tool.name === echoSlowly.name
      ? {
          ...tool,
          handle: (input: Record<string, unknown>, context: CallContext) => {
            begun(z.object({ text: z.string() }).parse(input).text);
            return tool.handle(input, context);
          },
        }
      : tool,
  );
  return { ...echoToolset, tools };
}

export const echoSlowly = defineTool({
  name: "echo_slowly",
  title: "Echo slowly",
  description: "Waits in steps, telling how far it is, until it is done or stopped.",
  effect: "read",
  task: "optional",
  iam: [],
  input: z.strictObject({
    steps: z.int().min(1).max(1000),
    stepMs: z.int().min(0),
    text: z.string().default(""),
  }),
  output: z.object({ steps: z.int(), text: z.string() }),
  examples: [{ title: "Three steps", input: { steps: 3, stepMs: 10 } }],
  async handle({ steps, stepMs, text }, { signal, progress }) {
    for (let step = 1; step <= steps; step++) {
      await sleep(stepMs, undefined, { signal });
      progress({ done: step, total: steps, message: `step ${step}` });
    }
    return { steps, text };
  },
});

export const echoFault = defineTool({
  name: "echo_fault",
  title: "Fail",
  description: "Fails as it is told to.",
  effect: "read",
  iam: [],
  input: z.strictObject({ how: z.enum(["denied", "throttled", "crash"]) }),
  output: z.object({}),
  examples: [{ title: "Denied", input: { how: "denied" } }],
  async handle({ how }) {
    if (how === "crash") throw new Error("secret: /etc/sluice/key");
    throw new ToolError(how, "As you asked.", how === "throttled" ? { details: { retryAfterMs: 1500 } } : {});
  },
});

export const echoNames = defineTool({
  name: "echo_list_names",
  title: "List names",
  description: "The names there are, two per page.",
  effect: "read",
  iam: [],
  input: z.strictObject({ prefix: z.string().default(""), cursor: z.string().optional() }),
  output: z.object({ names: z.array(z.string()), cursor: z.string().optional() }),
  examples: [{ title: "All", input: {} }],
  async handle({ prefix, cursor }) {
    const names = ["alpha", "apple", "beta", "gamma"].filter((name) => name.startsWith(prefix));
    const from = Number(cursor ?? 0);
    const page = { names: names.slice(from, from + 2) };
    return from + 2 < names.length ? { ...page, cursor: String(from + 2) } : page;
  },
});

export const echoWrite = defineTool({
  name: "echo_write",
  title: "Write",
  description: "Changes something, so this server refuses it.",
  effect: "write",
  iam: [],
  input: z.strictObject({}),
  output: z.object({}),
  examples: [{ title: "Write", input: {} }],
  handle: async () => ({}),
});

const namesPage = z.object({ names: z.array(z.string()), cursor: z.string().optional() });

/** One tool of each behaviour an adapter has to carry, with a resource, a prompt and completions behind them. */
export const echoToolset: Toolset = {
  name: "echo",
  title: "Echo",
  tools: [echoText, echoSlowly, echoFault, echoNames, echoWrite],
  resources: [
    {
      name: "name",
      title: "A name",
      description: "One of the names, echoed.",
      mimeType: "application/json",
      uriTemplate: "echo://names/{name}",
      tool: "echo_text",
      toInput: ({ name }) => ({ text: name }),
      list: {
        tools: ["echo_list_names"],
        async page(call, cursor) {
          const output = await call("echo_list_names", cursor === undefined ? {} : { cursor });
          const { names, cursor: next } = namesPage.parse(output);
          const entries = names.map((name) => ({
            uri: `echo://names/${name}`,
            name,
            sizeBytes: name.length,
          }));
          return next === undefined ? { entries } : { entries, cursor: next };
        },
      },
      complete: {
        name: {
          tool: "echo_list_names",
          toInput: (typed) => ({ prefix: typed }),
          toValues: ({ names }) => z.array(z.string()).parse(names),
        },
      },
    },
  ],
  prompts: [
    {
      name: "greet",
      title: "Greet",
      description: "Asks for a greeting.",
      arguments: z.strictObject({
        name: z.string().describe("Whom to greet"),
        tone: z.string().optional().describe("How"),
      }),
      text: ({ name, tone }) => `Greet ${name}${tone === undefined ? "" : ` in a ${tone} tone`}.`,
    },
  ],
};
