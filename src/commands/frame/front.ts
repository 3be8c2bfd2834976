import type { Deps } from "../../assemble.ts";
import { correlationIdOf } from "../../core/trace-context.ts";
import type { McpFront, McpFrontOptions } from "../../mcp/front.ts";
import type { Access } from "../../policy/access.ts";
import { version } from "../../version.ts";

/**
 * The MCP front of the dependencies, as every adapter serves it. Without `authenticate` whoever reaches it is
 * the local principal.
 */
export async function openFront(
  { calls, settings, log, access, state }: Deps,
  authenticate?: McpFrontOptions["authenticate"],
  { requestsOnly = false }: Pick<McpFrontOptions, "requestsOnly"> = {},
): Promise<McpFront> {
  const [{ createMcpFront }, sessionStore] = await Promise.all([
    import("../../mcp/front.ts"),
    requestsOnly ? undefined : sharedSessions(state, calls),
  ]);
  const front = createMcpFront({
    calls,
    ...(authenticate && { authenticate }),
    serverInfo: { name: "sluice", title: "Sluice", version },
    listAliases: settings.tools.listAliases,
    taskTimes: settings.tasks,
    taskKey: settings.tasks.key,
    ...(sessionStore && { sessionStore }),
    requestsOnly,
    maxBodyBytes: settings.http.maxBodyBytes,
    onError: (error, traceparent) =>
      log.warn("mcp fault", { error, correlationId: correlationIdOf(traceparent, calls.newId) }),
  });
  tellOfChanges(front, access);
  return front;
}

/** Sessions go where calls are counted, if other servers look there too; else they stay in the process. */
async function sharedSessions(
  state: Deps["state"],
  { now }: Deps["calls"],
): Promise<McpFrontOptions["sessionStore"]> {
  if (!state.isShared) return undefined;
  const { SharedSessionStores } = await import("../../mcp/sessions/shared-store.ts");
  return new SharedSessionStores({ items: state, now });
}

/** Has clients ask again for what they may see when another policy comes into force. */
export function tellOfChanges({ notify }: Pick<McpFront, "notify">, access: Access | undefined): void {
  access?.onChange(() => {
    notify.toolsChanged();
    notify.promptsChanged();
    notify.resourcesChanged();
  });
}
