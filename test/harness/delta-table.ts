import type { TestLake } from "./lake.ts";
import { parquetOf } from "./parquet.ts";
import { bitmapOf, type ContainerForm, encodeZ85, vectorFile } from "./roaring-writer.ts";

/** An action of a log, as it is written. */
export type WrittenAction = Record<string, unknown>;

export interface WrittenField {
  name: string;
  type: unknown;
  metadata?: Record<string, unknown>;
}

export interface TableSettings {
  fields: WrittenField[];
  partitionColumns?: string[];
  configuration?: Record<string, string>;
  readerFeatures?: string[];
  minReaderVersion?: number;
}

/** Writes a Delta table, commit by commit, through `put`: to S3 or to local disk. */
export class DeltaWriter {
  readonly folder: string;
  private readonly put: (name: string, body: Uint8Array | string) => Promise<string>;
  private version = -1;

  constructor(folder: string, put: (name: string, body: Uint8Array | string) => Promise<string>) {
    this.folder = folder;
    this.put = put;
  }

  /** Puts a file below the table's folder. */
  write(name: string, body: Uint8Array | string): Promise<string> {
    return this.put(`${this.folder}/${name}`, body);
  }

  /** The next version's commit; answers with its name. */
  async commit(actions: readonly WrittenAction[]): Promise<string> {
    this.version++;
    const name = `_delta_log/${versionName(this.version)}.json`;
    await this.write(name, `${actions.map((action) => JSON.stringify(action)).join("\n")}\n`);
    return name;
  }

  /** The first commit, with more actions. */
  create(settings: TableSettings, more: readonly WrittenAction[] = []): Promise<string> {
    const info = {
      commitInfo: { timestamp: 1_700_000_000_000, operation: "CREATE TABLE", operationParameters: {} },
    };
    return this.commit([info, ...definition(settings), ...more]);
  }

  /** Writes a Parquet file of the rows of `select` and gives the action that adds it. */
  async file(
    name: string,
    select: string,
    add: WrittenAction = {},
    options?: string,
  ): Promise<{ add: WrittenAction }> {
    const bytes = await parquetOf(select, options);
    await this.write(decodeURIComponent(name), bytes);
    const common = {
      path: name,
      partitionValues: {},
      size: bytes.length,
      modificationTime: 1_700_000_000_000,
    };
    return { add: { ...common, dataChange: true, ...add } };
  }
}

/** A column that is called otherwise in the files. */
export function mappedField(
  name: string,
  physicalName: string,
  id: number,
  type: unknown = "long",
): WrittenField {
  return {
    name,
    type,
    metadata: { "delta.columnMapping.id": id, "delta.columnMapping.physicalName": physicalName },
  };
}

/** The actions that say what a table is. */
export function definition({
  fields,
  partitionColumns = [],
  configuration = {},
  readerFeatures,
  minReaderVersion,
}: TableSettings): WrittenAction[] {
  const schemaString = JSON.stringify({
    type: "struct",
    fields: fields.map((field) => ({ nullable: true, metadata: {}, ...field })),
  });
  const reader = minReaderVersion ?? (readerFeatures ? 3 : 1);
  const features = readerFeatures ? { readerFeatures, writerFeatures: readerFeatures } : {};
  return [
    { protocol: { minReaderVersion: reader, minWriterVersion: reader === 1 ? 2 : 7, ...features } },
    {
      metaData: {
        id: "a-table",
        format: { provider: "parquet", options: {} },
        schemaString,
        partitionColumns,
        configuration,
      },
    },
  ];
}

export function versionName(version: number): string {
  return String(version).padStart(20, "0");
}

/** A checkpoint in Parquet of these actions. Partition values have the names given. `more`: members of `add`, with types. */
export function checkpointOf(
  actions: readonly WrittenAction[],
  more: Record<string, unknown> = {},
): Promise<Buffer> {
  const map = "MAP(VARCHAR, VARCHAR)";
  const columns = {
    protocol: {
      minReaderVersion: "INTEGER",
      minWriterVersion: "INTEGER",
      readerFeatures: ["VARCHAR"],
      writerFeatures: ["VARCHAR"],
    },
    metaData: {
      id: "VARCHAR",
      format: { provider: "VARCHAR", options: map },
      schemaString: "VARCHAR",
      partitionColumns: ["VARCHAR"],
      configuration: map,
    },
    add: {
      path: "VARCHAR",
      partitionValues: map,
      size: "BIGINT",
      modificationTime: "BIGINT",
      dataChange: "BOOLEAN",
      stats: "VARCHAR",
      deletionVector: {
        storageType: "VARCHAR",
        pathOrInlineDv: "VARCHAR",
        offset: "INTEGER",
        sizeInBytes: "INTEGER",
        cardinality: "BIGINT",
      },
      ...more,
    },
    remove: { path: "VARCHAR", deletionTimestamp: "BIGINT" },
    sidecar: { path: "VARCHAR", sizeInBytes: "BIGINT", modificationTime: "BIGINT" },
    checkpointMetadata: { version: "BIGINT" },
  };
  const rows = actions.map((action) => `(${literal(JSON.stringify(action))})`).join(", ");
  const shape = literal(JSON.stringify(columns));
  return parquetOf(`SELECT UNNEST(from_json(line::JSON, ${shape})) FROM (VALUES ${rows}) t(line)`);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A deletion vector that stands in the action itself. */
export function inlineVector(rows: readonly number[], form?: ContainerForm) {
  const bitmap = bitmapOf(rows, form);
  return {
    storageType: "i",
    pathOrInlineDv: encodeZ85(bitmap),
    sizeInBytes: bitmap.length,
    cardinality: rows.length,
  };
}

/** A deletion vector in a file of its own, told by its UUID (`u`) or its path (`p`). */
export async function storedVector(
  table: DeltaWriter,
  rows: readonly number[],
  { kind = "u", folder = "", form }: { kind?: "u" | "p"; folder?: string; form?: ContainerForm } = {},
) {
  const bitmap = bitmapOf(rows, form);
  const uuid = Buffer.from("0123456789abcdef0123456789abcdef", "hex");
  uuid.writeUInt32BE(rows.length + rows[0]!, 0);
  const text = uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const path = `${folder === "" ? "" : `${folder}/`}deletion_vector_${text}.bin`;
  const uri = await table.write(path, vectorFile(bitmap));
  return {
    storageType: kind,
    pathOrInlineDv: kind === "u" ? `${folder}${encodeZ85(uuid)}` : uri,
    offset: 1,
    sizeInBytes: bitmap.length,
    cardinality: rows.length,
  };
}

/** Writers of Delta tables in a lake, and what the lake has for their rows. */
export function deltaTablesOf(lake: TestLake) {
  return {
    onS3: (folder: string) => new DeltaWriter(folder, (name, body) => lake.put(name, body)),
    onDisk: (folder: string) => new DeltaWriter(folder, (name, body) => lake.write(name, body)),
    /** `t` in the statement is the table: a path on local disk, or a folder on S3. */
    async rowsOf(sql: string, table: string, moment: Record<string, unknown> = {}) {
      const uri = table.startsWith("/") ? table : `s3://lake/${table}`;
      return (await lake.output("lake_query", { sql, sources: { t: { uri, ...moment } } })).rows;
    },
  };
}
