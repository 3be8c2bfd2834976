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

/** Settings of an audit that is on. */
export interface AuditSettings {
  journalDir: string;
  /** Folder of the anchors. */
  anchorDir: string | undefined;
  rotateBytes: number;
  retentionDays: number;
  postgresql: PostgresqlSettings | undefined;
  cloudwatch: CloudwatchSettings | undefined;
}
