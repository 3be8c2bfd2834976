import type { Deps } from "../../assemble.ts";
import type { McpFront } from "../../mcp/front.ts";
import { version } from "../../version.ts";

/** The MCP front of the dependencies, as every adapter serves it. */
export async function openFront({ calls, settings, log, access }: Deps): Promise<McpFront> {
  const { createMcpFront } = await import("../../mcp/front.ts");
  const front = createMcpFront({
    calls,
    serverInfo: { name: "sluice", title: "Sluice", version },
    listAliases: settings.tools.listAliases,
    taskTimes: settings.tasks,
    taskKey: settings.tasks.key,
    maxBodyBytes: settings.http.maxBodyBytes,
    onError: (error) => log.warn("mcp fault", { error }),
  });
  access?.onChange(() => {
    front.notify.toolsChanged();
    front.notify.promptsChanged();
    front.notify.resourcesChanged();
  });
  return front;
}
