import { ToolError } from "../../core/errors.ts";
import type { ServiceGuard } from "../../core/service-guard.ts";
import { quoteName } from "../location-names.ts";
import type { S3Settings } from "../settings.ts";
import { createStores, type StoresDeps } from "../stores/create-stores.ts";
import type { Store, StoredObject } from "../stores/store.ts";
import type { TableRoot } from "../tables/table-root.ts";
import type { Catalog, TableInfo } from "./catalog.ts";
import { filesFault, isFilesFault } from "./files-fault.ts";
import { formatTableName, type TableName } from "./table-name.ts";
import { isFiltered } from "./tables.ts";
import { type AwsIdentity, createVendedCredentials } from "./vended-credentials.ts";

/** The files of one table, behind a boundary that holds these and nothing else. */
export interface TableStore extends Store {
  /** As callers name the table. */
  uri: string;
  root: TableRoot;
  /** Throws where Databricks gives no credentials for the table. */
  ready(signal: AbortSignal): Promise<void>;
  /** Why S3 was not reached a moment ago, which takes long to find out each time. */
  unreached(): ToolError | undefined;
  close(): void;
}

export interface TableStoreDeps {
  catalog: Catalog;
  s3: Pick<S3Settings, "region" | "endpoint" | "forcePathStyle">;
  now(): number;
  timeouts?: StoresDeps["timeouts"];
  /** What S3 is cut off by while it fails. */
  guard?: ServiceGuard;
}

/** A table whose files can stand for it. */
export interface FilesPlace {
  tableId: string;
  bucket: string;
  /** Of its folder, with the slash at its end. */
  prefix: string;
}

const openTypes = new Set(["MANAGED", "EXTERNAL"]);
const credentialsMs = 30_000;
const rememberUnreachedMs = 60_000;

/** Where a table's files lie, or why its rows cannot be read from them by whoever may read the table. */
export function filesPlaceOf(info: TableInfo): FilesPlace | { against: string } {
  if (!openTypes.has(info.table_type)) {
    return { against: `it is a ${info.table_type.toLowerCase().replaceAll("_", " ")}` };
  }
  if (info.data_source_format !== "DELTA")
    return { against: `its format is ${info.data_source_format ?? "unknown"}` };
  if (isFiltered(info)) return { against: "rows or values of it are held back from some readers" };
  const padded = info.columns.find(({ type_text: type }) => /\bchar(acter)?\s*\(|\bcollate\b/i.test(type));
  if (padded)
    return { against: `its column ${padded.name} compares texts by rules of its own (${padded.type_text})` };
  const { table_id: tableId } = info;
  if (tableId === undefined) return { against: "Unity Catalog tells no id of it" };
  const place = placeOf(info.storage_location);
  return place ? { tableId, ...place } : { against: "its files do not lie in S3" };
}

/**
 * A store of the table's files with temporary credentials that read this table alone. They are fetched when first
 * needed, and anew before they expire or where S3 says that they have. What fails in it is marked as `filesFault` does.
 * Source: Databricks "Unity Catalog credential vending".
 */
export function openTableStore(name: TableName, place: FilesPlace, deps: TableStoreDeps): TableStore {
  const { s3, timeouts, now } = deps;
  const { tableId, bucket, prefix } = place;
  const uri = formatTableName(name);
  const credentials = createVendedCredentials(() => vend(name, place, deps.catalog), now);
  const stores = createStores(
    { buckets: [{ bucket, prefix }], localRoots: [], allowHardLinks: false, s3 },
    {
      credentials: credentials.provide,
      onExpired: credentials.forget,
      findsRegion: true,
      guard: deps.guard,
      ...(timeouts ? { timeouts } : {}),
    },
  );
  let unreached: { fault: ToolError; untilMs: number } | undefined;
  const marked = async <T>(work: () => Promise<T>) => {
    try {
      return await work();
    } catch (thrown) {
      throw filesFault(thrown, uri);
    }
  };
  const fromS3 = async <T>(signal: AbortSignal, work: () => Promise<T>) => {
    try {
      const found = await marked(work);
      unreached = undefined;
      return found;
    } catch (thrown) {
      if (!signal.aborted && isFilesFault(thrown) && ["timeout", "unavailable"].includes(thrown.code))
        unreached = { fault: thrown, untilMs: now() + rememberUnreachedMs };
      throw thrown;
    }
  };
  const ofTable = <O extends StoredObject>(object: O): O => ({
    ...object,
    location: { ...object.location, tableId },
  });
  return {
    uri,
    root: { location: { kind: "s3", bucket, key: prefix, tableId }, uri: `s3://${bucket}/${prefix}` },
    ready: (signal) => marked(() => credentials.ready(signal)),
    unreached: () => (unreached && now() < unreached.untilMs ? unreached.fault : undefined),
    list: (request, signal) =>
      fromS3(signal, async () => {
        const page = await stores.list(request, signal);
        return { ...page, objects: page.objects.map(ofTable) };
      }),
    head: (location, signal) => fromS3(signal, async () => ofTable(await stores.head(location, signal))),
    read: (request, signal) => fromS3(signal, () => stores.read(request, signal)),
    close: stores.close,
  };
}

async function vend(
  name: TableName,
  { tableId, bucket }: FilesPlace,
  catalog: Catalog,
): Promise<AwsIdentity> {
  const found = await catalog.credentials(tableId, name, AbortSignal.timeout(credentialsMs));
  const aws = found.aws_temp_credentials;
  if (!aws || placeOf(found.url)?.bucket !== bucket) {
    throw new ToolError(
      "unsupported",
      `Databricks gives no credentials of S3 for ${quoteName(formatTableName(name))}.`,
    );
  }
  return {
    accessKeyId: aws.access_key_id,
    secretAccessKey: aws.secret_access_key,
    sessionToken: aws.session_token,
    expiration: new Date(found.expiration_time),
  };
}

/** `s3://bucket/path`, as the allowed place it is: never the whole bucket. */
function placeOf(location: string | undefined): { bucket: string; prefix: string } | undefined {
  const [, bucket, path = ""] = /^s3[an]?:\/\/([^/]+)\/(.*[^/])\/*$/.exec(location ?? "") ?? [];
  if (bucket === undefined || path.split("/").some((part) => part === ".." || part === ".")) return undefined;
  return { bucket, prefix: `${path}/` };
}
