import { clients } from "./clients.ts";

/** Lines to paste into each client that can reach a URL, under a line that names the client. */
export function clientSnippets(url: string): string[] {
  return clients.flatMap((client) => {
    const entry = client.entry({ kind: "http", url });
    if (client.name === "claude-code")
      return [`${client.title}:`, `  claude mcp add --transport http sluice ${url}`];
    return entry ? [`${client.title}:`, `  ${JSON.stringify({ [client.member]: { sluice: entry } })}`] : [];
  });
}
