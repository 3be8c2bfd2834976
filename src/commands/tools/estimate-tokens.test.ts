import { getEncoding } from "js-tiktoken";
import { expect, test } from "vitest";
import { contractOf } from "../../core/contract.ts";
import { lakeToolset } from "../../toolsets/lake/index.ts";
import { estimateTokens } from "./estimate-tokens.ts";

test("the estimate of every tool is within 15 % of what a tokenizer counts", () => {
  const encoding = getEncoding("o200k_base");
  for (const tool of lakeToolset.tools) {
    const { name, title, description, inputSchema, outputSchema, annotations } = contractOf(tool);
    const text = JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations });
    const counted = encoding.encode(text).length;
    expect.soft(estimateTokens(text) / counted, name).toBeGreaterThan(0.85);
    expect.soft(estimateTokens(text) / counted, name).toBeLessThan(1.15);
  }
});
