import { toolsAsked } from "./tool-set.ts";

/** What an HTTP server under measurement tells of itself, as one line of JSON. */
export interface Announcement {
  port: number;
  toolCount: number;
}

/** From then on tells, when asked, how many milliseconds of processor time the process has used. */
export function tellCpu(): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1_000);
  });
}

/** Tells where the server is, and its processor time when asked. */
export function announce(port: number): void {
  tellCpu();
  const announcement: Announcement = { port, toolCount: toolsAsked().length };
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
}
