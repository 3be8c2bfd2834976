/** An S3 bucket, or a prefix of one, that may be read. */
export interface AllowedBucket {
  bucket: string;
  /** Keys must start with it. Empty: the whole bucket. */
  prefix: string;
}

/** A folder on local disk that may be read. */
export interface LocalRoot {
  /** Shown to agents in place of the path of its parent. */
  name: string;
  /** Absolute path. */
  path: string;
  /** What below it may be read, each as the names that lead there. Left out: all of it. */
  below?: readonly (readonly string[])[];
}

export interface S3Settings {
  /** `undefined` leaves it to the AWS SDK's own chain. */
  region: string | undefined;
  endpoint: string | undefined;
  forcePathStyle: boolean;
  /** Of a simulated S3. Left out: the AWS SDK's own chain finds them. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** A catalog, schema or table of Unity Catalog: one to three names in lower case. Everything in it may be read. */
export type AllowedTables = readonly string[];

/** How this server proves who it is: a token as it is, or a service principal's id and secret. */
export type DatabricksCredentials =
  | { kind: "token"; token: string }
  | { kind: "m2m"; clientId: string; clientSecret: string };

export interface DatabricksSettings {
  /** Scheme, host and port, no slash at the end. */
  host: string;
  credentials: DatabricksCredentials;
  /** Left out: no statement can be sent; tables are read from their files where these can be. */
  warehouseId: string | undefined;
  allow: readonly AllowedTables[];
  /** Bytes of one statement's result, as Databricks counts them. */
  maxResultBytes: number;
}

/** The folder of the cache, by which an error of query workers is known for one of a full disk. */
export const cacheDirSetting = "lake.cache.dir";

/** Rows are kept for cursors of so many results of the largest size. */
export const keptResults = 4;

export interface QuerySettings {
  timeoutMs: number;
  /** DuckDB's memory limit in each worker. */
  memoryBytes: number;
  /** Threads of each worker. */
  threads: number;
  /** Worker processes kept ready; also how many queries run at once. */
  workers: number;
  /** Disk a query may spill to. */
  tempBytes: number;
  /** Bytes of source objects one query may read. */
  maxScanBytes: number;
  /** Bytes of rows kept for a cursor to walk through. */
  maxResultBytes: number;
}

/** Athena as a further engine, and the tables of the Glue catalog it may read. */
export interface AthenaSettings {
  workgroup: string;
  /** `s3://bucket/prefix/` of results. Left out: the workgroup's own. */
  outputLocation: string | undefined;
  /** As Athena calls it; Glue's own is `AwsDataCatalog`. */
  catalog: string;
  /** In small letters; `*` for a database's every table. None are allowed beside them. */
  tables: readonly { database: string; table: string }[];
  /** `undefined` leaves it to the AWS SDK's own chain. */
  region: string | undefined;
  /** Of a server that speaks Athena's and Glue's protocols. */
  endpoint: string | undefined;
  usdPerTib: number;
  /** Bytes one query may bill. */
  maxScanBytes: number;
  /** Whether `engine: auto` may hand queries over, which costs money. */
  auto: boolean;
}

/** `bucket`: as the bucket does by default. */
export interface ExportEncryption {
  method: "bucket" | "AES256" | "aws:kms";
  /** Of `aws:kms`; left out, AWS's own key for S3. */
  kmsKeyId?: string | undefined;
}

export interface ExportSettings {
  /** What may be written. Apart from what may be read, and nothing by default. */
  buckets: readonly AllowedBucket[];
  /** How long a link is good where the caller does not say. */
  expiresMs: number;
  /** How long a caller may ask for. */
  maxExpiresMs: number;
  /** Of one file. */
  maxBytes: number;
  encryption: ExportEncryption;
}

/** Whose calls run with a role of their own. */
export interface TenantSettings {
  roleArn: string;
  externalId: string | undefined;
  /** Beside `tenant`. */
  sessionTags: Readonly<Record<string, string>>;
  /** What of the lake's it may read. */
  buckets: readonly AllowedBucket[];
}

/** Settings of the data engine. `config/` makes them from the user's settings. */
export interface LakeSettings {
  buckets: readonly AllowedBucket[];
  localRoots: readonly LocalRoot[];
  /** Whether files with more than one name may be read: the other name can lie outside the root. */
  allowHardLinks: boolean;
  /** Folders and files of the server's own that no caller reads though a root has them in it, beside those of the cache. */
  privatePaths?: readonly string[];
  s3: S3Settings;
  cache: { dir: string; maxBytes: number };
  /** A compressed or re-encoded file may not grow past this. */
  maxDecompressedBytes: number;
  query: QuerySettings;
  /** Left out: there is no Databricks here. */
  databricks?: DatabricksSettings | undefined;
  summarize: { maxInputBytes: number };
  athena?: AthenaSettings | undefined;
  /** What Athena is taken to cost where it is not set up, too. US dollars for a tebibyte scanned. */
  athenaUsdPerTib: number;
  exports: ExportSettings;
  /** By id. */
  tenants?: ReadonlyMap<string, TenantSettings> | undefined;
}
