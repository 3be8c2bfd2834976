import { FastMCP } from "fastmcp";
import type { Tool } from "../../src/core/tool.ts";
import { addTool } from "./tool-set.ts";

/** fastmcp with the same tools. */
export function fastmcpServer(tools: readonly Tool[]): FastMCP {
  const server = new FastMCP({ name: "fastmcp", version: "1.0.0" });
  for (const { name, title, description, input, output } of tools) {
    server.addTool({
      name,
      description,
      annotations: { title, readOnlyHint: true },
      parameters: input,
      outputSchema: output,
      execute: async (args) => {
        if (name !== addTool.name) throw new Error("Nobody calls this one.");
        const structuredContent = { sum: Number(args.a) + Number(args.b) };
        return { content: [{ type: "text", text: `sum: ${structuredContent.sum}` }], structuredContent };
      },
    });
  }
  return server;
}
