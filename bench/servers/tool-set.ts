import { z } from "zod";
import { defineTool, type Tool } from "../../src/core/tool.ts";
import { lakeToolset } from "../../src/toolsets/lake/index.ts";

/** The tool the trivial call goes to: no work but what every call has. */
export const addTool = defineTool({
  name: "bench_add_numbers",
  title: "Add two numbers",
  description: "The sum of two numbers.",
  effect: "read",
  iam: [],
  input: z.strictObject({ a: z.number(), b: z.number() }),
  output: z.object({ sum: z.number() }),
  examples: [{ title: "One and two", input: { a: 1, b: 2 } }],
  handle: async ({ a, b }) => ({ sum: a + b }),
});

/** The lake's tools and the trivial one; more, of the usual size, until there are as many as `argv[2]` says. */
export function toolsAsked(): Tool[] {
  const count = Number(process.argv[2] ?? 0);
  const tools = [...lakeToolset.tools, addTool];
  while (tools.length < count) tools.push(madeTool(tools.length));
  return tools;
}

function madeTool(number: number): Tool {
  return defineTool({
    name: `bench_list_things_${number}`,
    title: `List things of kind ${number}`,
    description: `One page of the things of kind ${number} in one account and region, newest first. For one thing, name it.`,
    effect: "read",
    iam: [`bench:ListThings${number}`],
    input: z.strictObject({
      region: z.string().min(1).max(32).optional().describe("AWS region, such as eu-central-1"),
      account: z
        .string()
        .regex(/^\d{12}$/)
        .optional()
        .describe("Account id of 12 digits"),
      state: z.enum(["pending", "running", "stopping", "stopped"]).optional(),
      tags: z.record(z.string(), z.string()).optional().describe("Only things with all of these tags"),
      limit: z.int().min(1).max(1_000).default(100),
      cursor: z.string().max(4_096).optional(),
    }),
    output: z.object({
      things: z.array(
        z.object({
          id: z.string(),
          name: z.string().optional(),
          state: z.string(),
          launchedAt: z.string().describe("UTC, ISO 8601"),
          tags: z.record(z.string(), z.string()),
        }),
      ),
      truncated: z.boolean(),
      cursor: z.string().optional(),
    }),
    examples: [{ title: "All", input: {} }],
    handle: async () => ({ things: [], truncated: false }),
  });
}
