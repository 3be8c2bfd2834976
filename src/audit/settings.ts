/** Where records are relayed to. */
export interface PostgresqlSettings {
  /** `postgresql://writer:password@host/database`, of the role that inserts. A secret. */
  url: string;
  /** An identifier that needs no quotes. */
  schema: string;
}

/** Settings of an audit that is on. */
export interface AuditSettings {
  journalDir: string;
  /** Folder of the anchors. */
  anchorDir: string | undefined;
  rotateBytes: number;
  retentionDays: number;
  postgresql: PostgresqlSettings | undefined;
}
