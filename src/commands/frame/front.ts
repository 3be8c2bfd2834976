import type { Deps } from "../../assemble.ts";
import type { McpFront } from "../../mcp/front.ts";
import { version } from "../../version.ts";

/** The MCP front of the dependencies, as every adapter serves it. */
export async function openFront({ calls, settings, log }: Deps): Promise<McpFront> {
  const { createMcpFront } = await import("../../mcp/front.ts");
  return createMcpFront({
    calls,
    serverInfo: { name: "sluice", title: "Sluice", version },
    listAliases: settings.tools.listAliases,
    taskTimes: settings.tasks,
    taskKey: settings.tasks.key,
    maxBodyBytes: settings.http.maxBodyBytes,
    onError: (error) => log.warn("mcp fault", { error }),
  });
}
