import type { Agent } from "node:http";
import type { SdkPlugin, SdkStack } from "./sdk-middleware.ts";

type Next = (request: object) => Promise<unknown>;

/** Less than servers and gateways on the way keep a connection that nobody uses. */
const maxIdleMs = 30_000;

/**
 * Begins anew where nothing was sent for long: a process that was frozen meanwhile, as on Lambda, was not told
 * which of its connections have ended, and what is sent over one of these is lost.
 */
export function leavesIdle(agents: readonly Agent[], now: () => number): SdkPlugin {
  let usedMs = now();
  const closeIdle =
    (next: Next): Next =>
    (request) => {
      const idleMs = now() - usedMs;
      usedMs = now();
      if (idleMs > maxIdleMs) agents.forEach(leaveIdle);
      return next(request);
    };
  return {
    applyToStack: (stack) =>
      (stack as SdkStack<Next>).add(closeIdle, { step: "finalizeRequest", priority: "low" }),
  };
}

function leaveIdle({ freeSockets }: Agent): void {
  for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
}
