import { toolsAsked } from "./tool-set.ts";

/** What an HTTP server under measurement tells of itself, as one line of JSON. */
export interface Announcement {
  port: number;
  toolCount: number;
}

export function announce(port: number): void {
  const announcement: Announcement = { port, toolCount: toolsAsked().length };
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
}
