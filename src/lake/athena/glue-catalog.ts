import type { Column as GlueColumn, Partition, Table } from "@aws-sdk/client-glue";
import { ToolError } from "../../core/errors.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import { type AllowedTables, formatTable, type TableName } from "./allowed-tables.ts";
import type { AwsSender } from "./clients.ts";

/** A table as the Glue catalog has it. Types are Hive's, such as `bigint` or `struct<a:int>`. */
export interface CatalogTable extends TableName {
  /** 12 digits. */
  account?: string;
  /** `EXTERNAL_TABLE`, `VIRTUAL_VIEW` … */
  kind: string;
  columns: { name: string; type: string; comment?: string }[];
  partitionKeys: { name: string; type: string }[];
  /** `s3://bucket/prefix/`; a view has none. */
  location?: string;
  /** Such as `parquet`, `csv`, `json`, `orc`, `iceberg`; the serialisation library where it is none of them. */
  format: string;
  /** Partitions are worked out from the table's properties and are not registered. */
  isProjected: boolean;
  description?: string;
  updatedAt?: Date;
}

/** What the catalog holds of the allowed tables. All methods throw `not_found`, `denied`, `throttled`, `unavailable`. */
export interface GlueCatalog {
  table(name: TableName, scope: LakeScope): Promise<CatalogTable>;
  /** Every allowed table, in order of names; `isCut` where there are more than 1,000. */
  tables(scope: Pick<LakeScope, "signal">): Promise<{ tables: CatalogTable[]; isCut: boolean }>;
  /** Places of a table's registered partitions. Throws `too_large` past 10,000. */
  partitionLocations(name: TableName, scope: LakeScope): Promise<string[]>;
  /** The account of the last table seen. */
  account(): string | undefined;
}

const maxTables = 1_000;
const maxPartitions = 10_000;
/** How long what was read counts: a statement asks for its tables several times. */
const keptMs = 30_000;

/** Source: Glue GetTable, GetTables, GetPartitions. */
export function createGlueCatalog(sender: AwsSender, allowed: AllowedTables, now: () => number): GlueCatalog {
  const kept = new RecentMap<{ table: CatalogTable; readMs: number }>(maxTables);
  let account: string | undefined;
  const keep = (found: Table, name: TableName): CatalogTable => {
    const table = tableOf(found, name);
    account = table.account ?? account;
    kept.set(formatTable(name), { table, readMs: now() });
    return table;
  };
  const table: GlueCatalog["table"] = async (name, { signal }) => {
    const known = kept.get(formatTable(name));
    if (known && now() - known.readMs < keptMs) return known.table;
    const { GetTableCommand } = await import("@aws-sdk/client-glue");
    const command = new GetTableCommand({ DatabaseName: name.database, Name: name.table });
    const about = `the table ${formatTable(name)}`;
    const { Table: found } = await sender.send("glue", about, signal, ({ glue }) =>
      glue.send(command, { abortSignal: signal }),
    );
    if (!found) throw new ToolError("not_found", `AWS does not find ${about}.`);
    return keep(found, name);
  };
  return {
    table,
    account: () => account,
    async tables({ signal }) {
      const tables: CatalogTable[] = [];
      for (const database of allowed.databases) {
        for (const found of await tablesOf(sender, database, signal)) {
          const name = { database, table: found.Name?.toLowerCase() ?? "" };
          if (allowed.allows(name)) tables.push(keep(found, name));
          if (tables.length > maxTables) return { tables: tables.slice(0, maxTables), isCut: true };
        }
      }
      return { tables: tables.sort((a, b) => (formatTable(a) < formatTable(b) ? -1 : 1)), isCut: false };
    },
    partitionLocations: (name, { signal }) => partitionLocations(sender, name, signal),
  };
}

async function tablesOf(sender: AwsSender, database: string, signal: AbortSignal): Promise<Table[]> {
  const { GetTablesCommand } = await import("@aws-sdk/client-glue");
  const found: Table[] = [];
  let token: string | undefined;
  do {
    const command = new GetTablesCommand({
      DatabaseName: database,
      MaxResults: 100,
      ...(token ? { NextToken: token } : {}),
    });
    const page = await sender.send("glue", `the tables of the database ${database}`, signal, ({ glue }) =>
      glue.send(command, { abortSignal: signal }),
    );
    found.push(...(page.TableList ?? []));
    token = page.NextToken;
  } while (token && found.length <= maxTables);
  return found;
}

async function partitionLocations(
  sender: AwsSender,
  name: TableName,
  signal: AbortSignal,
): Promise<string[]> {
  const { GetPartitionsCommand } = await import("@aws-sdk/client-glue");
  const found: Partition[] = [];
  let token: string | undefined;
  do {
    const command = new GetPartitionsCommand({
      DatabaseName: name.database,
      TableName: name.table,
      ExcludeColumnSchema: true,
      MaxResults: 1_000,
      ...(token ? { NextToken: token } : {}),
    });
    const page = await sender.send("glue", `the partitions of ${formatTable(name)}`, signal, ({ glue }) =>
      glue.send(command, { abortSignal: signal }),
    );
    found.push(...(page.Partitions ?? []));
    token = page.NextToken;
    if (found.length > maxPartitions) {
      throw new ToolError(
        "too_large",
        `The table ${formatTable(name)} has more than ${maxPartitions} partitions, which are not looked at one by one.`,
      );
    }
  } while (token);
  return found.map(({ StorageDescriptor }) => asFolder(StorageDescriptor?.Location ?? ""));
}

function tableOf(found: Table, name: TableName): CatalogTable {
  const {
    StorageDescriptor: storage,
    Parameters: parameters = {},
    CatalogId,
    Description,
    UpdateTime,
  } = found;
  const location = storage?.Location;
  return {
    ...name,
    ...(CatalogId === undefined ? {} : { account: CatalogId }),
    kind: found.TableType ?? "EXTERNAL_TABLE",
    columns: (storage?.Columns ?? []).map(columnOf),
    partitionKeys: (found.PartitionKeys ?? []).map(columnOf),
    ...(location ? { location: asFolder(location) } : {}),
    format: formatOf(found),
    isProjected: parameters["projection.enabled"]?.toLowerCase() === "true",
    ...(Description ? { description: Description } : {}),
    ...(UpdateTime === undefined ? {} : { updatedAt: UpdateTime }),
  };
}

function columnOf({ Name = "", Type = "", Comment }: Partial<GlueColumn>) {
  return { name: Name, type: Type, ...(Comment ? { comment: Comment } : {}) };
}

/** `s3a://b/x` and `s3://b/x` name one place to Athena, and a location is a folder with or without its slash. */
function asFolder(location: string): string {
  const uri = location.replace(/^s3[an]:\/\//, "s3://");
  return uri.endsWith("/") ? uri : `${uri}/`;
}

const libraries: readonly [RegExp, string][] = [
  [/parquet/i, "parquet"],
  [/opencsv|lazysimple/i, "csv"],
  [/json/i, "json"],
  [/orc/i, "orc"],
  [/avro/i, "avro"],
];

function formatOf({ TableType, Parameters = {}, StorageDescriptor }: Table): string {
  if (TableType === "VIRTUAL_VIEW") return "view";
  const tableFormat = (Parameters.table_type ?? Parameters["spark.sql.sources.provider"] ?? "").toLowerCase();
  if (["iceberg", "delta", "hudi"].includes(tableFormat)) return tableFormat;
  const library =
    StorageDescriptor?.SerdeInfo?.SerializationLibrary ?? StorageDescriptor?.InputFormat ?? "unknown";
  return libraries.find(([pattern]) => pattern.test(library))?.[1] ?? library;
}
