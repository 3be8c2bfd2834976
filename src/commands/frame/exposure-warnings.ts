import { isLoopback } from "../../config/loopback.ts";
import type { Environment } from "../../config/platform.ts";
import type { Settings } from "../../config/schema.ts";

/** What an operator must know who serves with these settings. This version knows no identities. */
export function exposureWarnings({ http, writes, audit }: Settings, env: Environment): string[] {
  const warnings: string[] = [];
  if (!isLoopback(http.host)) {
    warnings.push(
      `http.host is ${http.host}: whoever can reach that address can read all that Sluice can. This version checks no identity; put a gateway that does in front, or listen on 127.0.0.1.`,
    );
  }
  if (env.API_KEY?.trim()) {
    warnings.push("API_KEY is set, and this version checks no key: calls without it are answered too.");
  }
  if (writes !== "off" && audit.journalDir === undefined) {
    warnings.push("Writes are allowed and no call is recorded: set audit.journalDir.");
  }
  return warnings;
}
