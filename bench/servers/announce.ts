import { toolsAsked } from "./tool-set.ts";

/** What an HTTP server under measurement tells of itself, as one line of JSON. */
export interface Announcement {
  port: number;
  toolCount: number;
}

/** Tells where the server is, and from then on, when asked, how many milliseconds of processor time it has used. */
export function announce(port: number): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1_000);
  });
  const announcement: Announcement = { port, toolCount: toolsAsked().length };
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
}
