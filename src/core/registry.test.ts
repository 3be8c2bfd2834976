import { expect, test } from "vitest";
import { z } from "zod";
import { contractOf } from "./contract.ts";
import { createRegistry } from "./registry.ts";
import { defineTool, type ToolDefinition } from "./tool.ts";

const define = (overrides: Partial<ToolDefinition<z.ZodObject, z.ZodObject>>) =>
  defineTool<z.ZodObject, z.ZodObject>({
    name: "lake_list_things",
    title: "List things",
    description: "Lists things.",
    effect: "read",
    iam: ["s3:ListBucket"],
    input: z.strictObject({ limit: z.int().min(1).max(10).default(5) }),
    output: z.object({ count: z.int() }),
    examples: [],
    handle: async () => ({ count: 0 }),
    ...overrides,
  });

test("a tool is found by its name and its aliases, and two may not share one", () => {
  const alias = { name: "list_things", input: z.strictObject({}), toInput: () => ({}) };
  const tool = define({ aliases: [alias] });
  const registry = createRegistry([{ name: "lake", title: "Lake", tools: [tool] }]);
  expect(registry.find("lake_list_things")).toEqual({ tool });
  expect(registry.find("list_things")).toEqual({ tool, alias });
  expect(registry.find("constructor")).toBeUndefined();
  expect(() => createRegistry([{ name: "lake", title: "Lake", tools: [tool, define({})] }])).toThrow(
    /Two tools claim/,
  );
  expect(() => createRegistry([{ name: "ec2", title: "EC2", tools: [tool] }])).toThrow(
    /is listed in toolset ec2/,
  );
});

test.each([["Lake_list"], ["lake"], ["lake-list-things"], [`lake_${"x".repeat(60)}`]])(
  "the name %s is refused",
  (name) => {
    expect(() => define({ name })).toThrow(/is not <toolset>_<verb>_<noun>/);
  },
);

test("annotations follow the effect", () => {
  expect(contractOf(define({})).annotations).toMatchObject({
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
  });
  expect(contractOf(define({ effect: "destroy" })).annotations).toMatchObject({
    readOnlyHint: false,
    destructiveHint: true,
  });
});

test("the contract tells a reader what to send and what comes back", () => {
  const { inputSchema, outputSchema } = contractOf(define({}));
  expect(inputSchema).toEqual({
    type: "object",
    properties: { limit: { type: "integer", minimum: 1, maximum: 10, default: 5 } },
    additionalProperties: false,
  });
  expect(outputSchema).toMatchObject({
    type: "object",
    required: ["count"],
    properties: { count: { type: "integer" } },
  });
});
