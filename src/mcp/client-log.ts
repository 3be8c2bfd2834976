import { LOG_LEVEL_META_KEY, type LoggingLevel, type ServerContext } from "@modelcontextprotocol/server";
import type { ServingUnit } from "./unit.ts";

/** Mildest first. Source: RFC 5424 as MCP takes it over. */
export const loggingLevels: readonly LoggingLevel[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

/** The mildest level this caller asked to see; undefined when it asked for none. */
function askedLevel(context: ServerContext, unit: ServingUnit): LoggingLevel | undefined {
  if (unit.era === "legacy") return unit.logLevel;
  const envelope: Record<string, unknown> = context.mcpReq.envelope ?? {};
  return loggingLevels.find((level) => level === envelope[LOG_LEVEL_META_KEY]);
}

/**
 * Tells the client what happened during its request, if it asked for logs of this level. `assumed` is what
 * holds for a legacy client that set no level: nothing, unless given.
 */
export async function logToClient(
  context: ServerContext,
  unit: ServingUnit,
  entry: { level: LoggingLevel; data: unknown },
  assumed?: LoggingLevel,
): Promise<void> {
  const threshold = askedLevel(context, unit) ?? (unit.era === "legacy" ? assumed : undefined);
  if (threshold === undefined) return;
  if (loggingLevels.indexOf(entry.level) < loggingLevels.indexOf(threshold)) return;
  await context.mcpReq.notify({
    method: "notifications/message",
    params: { level: entry.level, logger: "sluice", data: entry.data },
  });
}
