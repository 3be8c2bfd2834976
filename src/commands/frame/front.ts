import type { Deps } from "../../assemble.ts";
import type { McpFront, McpFrontOptions } from "../../mcp/front.ts";
import { version } from "../../version.ts";

/**
 * The MCP front of the dependencies, as every adapter serves it. Without `authenticate` whoever reaches it is
 * the local principal.
 */
export async function openFront(
  { calls, settings, log }: Deps,
  authenticate?: McpFrontOptions["authenticate"],
): Promise<McpFront> {
  const { createMcpFront } = await import("../../mcp/front.ts");
  return createMcpFront({
    calls,
    ...(authenticate && { authenticate }),
    serverInfo: { name: "sluice", title: "Sluice", version },
    listAliases: settings.tools.listAliases,
    taskTimes: settings.tasks,
    taskKey: settings.tasks.key,
    maxBodyBytes: settings.http.maxBodyBytes,
    onError: (error) => log.warn("mcp fault", { error }),
  });
}
