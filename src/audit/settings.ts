/** A database that records are relayed to. */
export interface PostgresqlSettings {
  /** `postgresql://writer:password@host/database`, of the role that inserts. A secret. */
  url: string;
  /** An identifier that needs no quotes. */
  schema: string;
}

export interface CloudwatchSettings {
  /** Must exist; its streams are made. */
  logGroup: string;
  /** Left out, the AWS SDK's own chain finds it. */
  region: string | undefined;
  endpoint: string | undefined;
}

export interface S3AnchorSettings {
  kind: "s3";
  bucket: string;
  /** Empty, or ends in a slash. */
  prefix: string;
  /** How objects are locked. Source: S3 Object Lock retention modes. */
  lock: "COMPLIANCE" | "GOVERNANCE" | "none";
  retentionDays: number;
  /** Left out, the AWS SDK's own chain finds it. */
  region: string | undefined;
  endpoint: string | undefined;
  forcePathStyle: boolean;
}

/** Where the heads of chains are kept. */
export type AnchorSettings = { kind: "folder"; folder: string } | S3AnchorSettings;

/** A table of DynamoDB that records are kept in, in place of a journal. */
export interface TableSettings {
  table: string;
  /** Left out, the AWS SDK's own chain finds it. */
  region: string | undefined;
  endpoint: string | undefined;
  retentionDays: number;
}

/** What keeps copies of records. */
export interface SinkSettings {
  postgresql: PostgresqlSettings | undefined;
  cloudwatch: CloudwatchSettings | undefined;
}

/** Settings of an audit that has a journal. */
export interface AuditSettings extends SinkSettings {
  journalDir: string;
  anchor: AnchorSettings | undefined;
  rotateBytes: number;
  retentionDays: number;
}

/** Settings of an audit that has a table. */
export interface TableAuditSettings extends TableSettings {
  anchor: AnchorSettings | undefined;
  /** How often heads are anchored, at most. Milliseconds. */
  anchorEveryMs: number;
}
