import type { Server, ServerEventBus } from "@modelcontextprotocol/server";

/** Tells the client of a long-lived server when a list changed, until the server closes. */
export function announceListChanges(server: Server, bus: ServerEventBus, onError: (error: Error) => void) {
  const unsubscribe = bus.subscribe(({ kind }) => {
    const told =
      kind === "tools_list_changed"
        ? server.sendToolListChanged()
        : kind === "prompts_list_changed"
          ? server.sendPromptListChanged()
          : server.sendResourceListChanged();
    told.catch(onError);
  });
  const before = server.onclose;
  server.onclose = () => {
    unsubscribe();
    before?.();
  };
}
