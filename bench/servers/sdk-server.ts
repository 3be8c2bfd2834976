import { McpServer } from "@modelcontextprotocol/server";
import type { Tool } from "../../src/core/tool.ts";
import { addTool } from "./tool-set.ts";

/** A server of the SDK as its documentation writes it: made anew, with every tool registered. */
export function sdkServer(tools: readonly Tool[]): () => McpServer {
  return () => {
    const server = new McpServer({ name: "sdk", version: "1.0.0" }, { capabilities: { tools: {} } });
    for (const { name, title, description, input, output } of tools) {
      server.registerTool(
        name,
        { title, description, inputSchema: input, outputSchema: output },
        async (args) => {
          if (name !== addTool.name) throw new Error("Nobody calls this one.");
          const structuredContent = { sum: Number(args.a) + Number(args.b) };
          return { content: [{ type: "text", text: `sum: ${structuredContent.sum}` }], structuredContent };
        },
      );
    }
    return server;
  };
}
