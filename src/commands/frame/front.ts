import type { Deps } from "../../assemble.ts";
import type { McpFront, McpFrontOptions } from "../../mcp/front.ts";
import type { Access } from "../../policy/access.ts";
import { version } from "../../version.ts";

/**
 * The MCP front of the dependencies, as every adapter serves it. Without `authenticate` whoever reaches it is
 * the local principal.
 */
export async function openFront(
  { calls, settings, log, access }: Deps,
  authenticate?: McpFrontOptions["authenticate"],
): Promise<McpFront> {
  const { createMcpFront } = await import("../../mcp/front.ts");
  const front = createMcpFront({
    calls,
    ...(authenticate && { authenticate }),
    serverInfo: { name: "sluice", title: "Sluice", version },
    listAliases: settings.tools.listAliases,
    taskTimes: settings.tasks,
    taskKey: settings.tasks.key,
    maxBodyBytes: settings.http.maxBodyBytes,
    onError: (error) => log.warn("mcp fault", { error }),
  });
  tellOfChanges(front, access);
  return front;
}

/** Has clients ask again for what they may see when another policy comes into force. */
export function tellOfChanges({ notify }: Pick<McpFront, "notify">, access: Access | undefined): void {
  access?.onChange(() => {
    notify.toolsChanged();
    notify.promptsChanged();
    notify.resourcesChanged();
  });
}
