import { getEncoding } from "js-tiktoken";
import { expect, test } from "vitest";
import { contractOf } from "../../core/contract.ts";
import { lakeToolset } from "./index.ts";

test("the whole toolset takes at most 4,000 tokens of a model's context", () => {
  const encoding = getEncoding("o200k_base");
  const listed = lakeToolset.tools.map((tool) => {
    const { name, title, description, inputSchema, outputSchema, annotations } = contractOf(tool);
    return { name, title, description, inputSchema, outputSchema, annotations };
  });
  const tokens = listed.map((tool) => encoding.encode(JSON.stringify(tool)).length);
  expect(
    tokens.reduce((sum, count) => sum + count, 0),
    JSON.stringify(tokens),
  ).toBeLessThanOrEqual(4_000);
});
