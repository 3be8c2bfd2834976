import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";

/** The legacy revisions this server speaks, newest first. */
export const legacyRevisions: readonly string[] = SUPPORTED_PROTOCOL_VERSIONS.filter(
  (version) => version < "2026",
);

/** Streams begin with an empty event a client can resume from. Source: MCP 2025-11-25, "Resumability". */
export function canResume(protocolVersion: string): boolean {
  return protocolVersion >= "2025-11-25";
}

/** Only this revision has JSON-RPC batches: added in it, removed in the next. */
export function allowsBatch(protocolVersion: string): boolean {
  return protocolVersion === "2025-03-26";
}
