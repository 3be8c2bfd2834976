import type { AnchorSettings, AuditSettings, SinkSettings, TableAuditSettings } from "./audit/settings.ts";
import type { Settings } from "./config/schema.ts";

/** The settings of the audit; none without a journal. */
export function auditSettingsOf(settings: Settings): AuditSettings | undefined {
  const { journalDir, rotateBytes, retentionDays } = settings.audit;
  if (journalDir === undefined) return undefined;
  return {
    journalDir,
    anchor: anchorSettingsOf(settings),
    rotateBytes,
    retentionDays,
    ...sinkSettingsOf(settings),
  };
}

/** What records are relayed to. The schema holds that a sink has what it needs. */
export function sinkSettingsOf({ audit: { sinks, postgresql, cloudwatch } }: Settings): SinkSettings {
  const { url = "", schema } = postgresql;
  const { logGroup = "", region, endpoint } = cloudwatch;
  return {
    postgresql: sinks.includes("postgresql") ? { url, schema } : undefined,
    cloudwatch: sinks.includes("cloudwatch") ? { logGroup, region, endpoint } : undefined,
  };
}

/** The table that records are kept in; none where the settings name none. */
export function auditTableOf(settings: Settings): TableAuditSettings | undefined {
  const { table, region, endpoint, anchorEveryMs } = settings.audit.dynamodb;
  const { retentionDays } = settings.audit;
  if (table === undefined) return undefined;
  return { table, region, endpoint, retentionDays, anchor: anchorSettingsOf(settings), anchorEveryMs };
}

/** Where heads are anchored; none where the settings name no place. S3 is reached as the lake reaches it. */
export function anchorSettingsOf({ audit, lake }: Settings): AnchorSettings | undefined {
  const { anchor, anchorLock, retentionDays } = audit;
  if (anchor === undefined) return undefined;
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(anchor) ?? [];
  if (bucket === undefined) return { kind: "folder", folder: anchor };
  const { region, endpoint, forcePathStyle } = lake.s3;
  const lock = anchorLock === "none" ? anchorLock : anchorLock === "compliance" ? "COMPLIANCE" : "GOVERNANCE";
  return { kind: "s3", bucket, prefix, lock, retentionDays, region, endpoint, forcePathStyle };
}
