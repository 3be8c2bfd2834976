import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { S3Settings } from "../settings.ts";
import { createStores, type StoresDeps } from "../stores/create-stores.ts";
import type { Stores } from "../stores/store.ts";
import type { Catalog, TableInfo } from "./catalog.ts";
import { formatTableName, type TableName } from "./table-name.ts";
import { isFiltered } from "./tables.ts";

/** The files of one table, behind a boundary that holds these and nothing else. */
export interface TableStore {
  stores: Stores & { close(): void };
  /** The table's folder: `s3://bucket/path/`. */
  uri: string;
}

export interface TableStoreDeps {
  catalog: Catalog;
  s3: Pick<S3Settings, "region" | "endpoint" | "forcePathStyle">;
  timeouts?: StoresDeps["timeouts"];
}

const openTypes = new Set(["MANAGED", "EXTERNAL"]);

/** Why a table's rows cannot be read from its files by whoever may read the table; nothing where they can. */
export function reasonAgainstFiles(info: TableInfo): string | undefined {
  if (!openTypes.has(info.table_type)) return `it is a ${info.table_type.toLowerCase()}`;
  if (info.data_source_format !== "DELTA") return `its format is ${info.data_source_format ?? "unknown"}`;
  if (isFiltered(info)) return "rows or values of it are held back from some readers";
  if (info.table_id === undefined) return "Unity Catalog tells no id of it";
  return placeOf(info.storage_location) ? undefined : "its files do not lie in S3";
}

/**
 * A store of the table's files with temporary credentials that read this table alone. They are fetched when first
 * needed, and anew before they expire or where S3 says that they have. Throws `unsupported` for a table whose files
 * cannot stand for it. Source: Databricks "Unity Catalog credential vending".
 */
export function openTableStore(name: TableName, info: TableInfo, deps: TableStoreDeps): TableStore {
  const { catalog, s3, timeouts } = deps;
  const reason = reasonAgainstFiles(info);
  const place = placeOf(info.storage_location);
  const tableId = info.table_id;
  if (reason !== undefined || !place || tableId === undefined) {
    throw new ToolError(
      "unsupported",
      `${quoteName(formatTableName(name))} cannot be read from its files: ${reason}. Use the engine databricks.`,
    );
  }
  const credentials = async () => {
    const found = await catalog.credentials(tableId, name, AbortSignal.timeout(credentialsMs));
    const aws = found.aws_temp_credentials;
    if (!aws || placeOf(found.url)?.bucket !== place.bucket) {
      throw new ToolError(
        "unsupported",
        `Databricks gives no credentials of S3 for ${quoteName(formatTableName(name))}. Use the engine databricks.`,
      );
    }
    return {
      accessKeyId: aws.access_key_id,
      secretAccessKey: aws.secret_access_key,
      sessionToken: aws.session_token,
      expiration: new Date(found.expiration_time),
    };
  };
  const settings = { buckets: [place], localRoots: [], allowHardLinks: false, s3 };
  const stores = createStores(settings, { credentials, ...(timeouts ? { timeouts } : {}) });
  return { stores, uri: `s3://${place.bucket}/${place.prefix}` };
}

const credentialsMs = 30_000;

/** `s3://bucket/path`, as the allowed place it is: never the whole bucket. */
function placeOf(location: string | undefined): { bucket: string; prefix: string } | undefined {
  const [, bucket, path = ""] = /^s3[an]?:\/\/([^/]+)\/(.*[^/])\/*$/.exec(location ?? "") ?? [];
  if (bucket === undefined || path.split("/").some((part) => part === ".." || part === ".")) return undefined;
  return { bucket, prefix: `${path}/` };
}
