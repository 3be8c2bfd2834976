import { type AvroOptions, avroFile } from "./avro-writer.ts";
import { manifestListSchema, manifestSchema } from "./iceberg-schemas.ts";
import type { TestLake } from "./lake.ts";
import { parquetOf } from "./parquet.ts";

type Json = Record<string, unknown>;

/** One file as a manifest has it, with what to say otherwise of it. */
export interface WrittenFile {
  path: string;
  rows: number;
  bytes: number;
  content?: number;
  format?: string;
  partition?: Json;
  status?: number;
  sequence?: number | null;
  lower?: Record<number, Buffer>;
  upper?: Record<number, Buffer>;
  nulls?: Record<number, number>;
  keyMetadata?: Buffer;
}

/** A manifest, and what the list of manifests says of it. */
export interface WrittenManifest {
  files: readonly WrittenFile[];
  content?: number;
  specId?: number;
  sequence?: number;
  partition?: readonly unknown[];
  /** In place of the manifest's own. */
  path?: string;
  length?: number;
  avro?: AvroOptions;
  cutTo?: number;
}

/** A snapshot and how it is listed. */
export interface WrittenSnapshot {
  id: string;
  sequence?: number;
  timestamp?: number;
  manifests: readonly WrittenManifest[];
  /** Of the list of the manifests. */
  listAvro?: AvroOptions | undefined;
  more?: Json;
}

/** Writes Iceberg tables through `put`: to S3 or to local disk. Nothing is checked, so that they can be wrong. */
export class IcebergWriter {
  readonly uri: string;
  private readonly folder: string;
  private readonly put: (name: string, body: Uint8Array | string) => Promise<string>;
  private files = 0;

  constructor(
    uri: string,
    folder: string,
    put: (name: string, body: Uint8Array | string) => Promise<string>,
  ) {
    this.uri = uri;
    this.folder = folder;
    this.put = put;
  }

  write(name: string, body: Uint8Array | string): Promise<string> {
    return this.put(`${this.folder}/${name}`, body);
  }

  /**
   * A Parquet file of the rows of `select`, whose columns have the numbers of `ids`; none where it is empty. A text is what
   * DuckDB has for a nested column: `{__duckdb_field_id: 3, "a": 4}`.
   */
  async file(
    select: string,
    ids: Record<string, number | string>,
    more: Partial<WrittenFile> = {},
  ): Promise<WrittenFile> {
    const name = `data/${++this.files}.parquet`;
    const numbers = Object.entries(ids).map(([column, id]) => `"${column}": ${id}`);
    const options = numbers.length === 0 ? "COMPRESSION zstd" : `FIELD_IDS {${numbers.join(", ")}}`;
    const bytes = await parquetOf(select, options);
    await this.write(name, bytes);
    return { path: `${this.uri}/${name}`, rows: 1, bytes: bytes.length, ...more };
  }

  /** A file that names rows of files by their paths and numbers. */
  deletes(rows: readonly [string, number][], more: Partial<WrittenFile> = {}): Promise<WrittenFile> {
    const values = rows.map(([path, pos]) => `('${path}', ${pos}::BIGINT)`).join(", ");
    const select = `SELECT * FROM (VALUES ${values}) AS deletes(file_path, pos)`;
    return this.file(select, { file_path: 2_147_483_546, pos: 2_147_483_545 }, { content: 1, ...more });
  }

  /** Writes a snapshot's manifests and gives what metadata says of it. */
  async snapshot({
    id,
    sequence = 1,
    timestamp = 1_700_000_000_000,
    manifests,
    listAvro,
    more,
  }: WrittenSnapshot): Promise<string> {
    const listed: Json[] = [];
    for (const [at, manifest] of manifests.entries()) {
      const entries = manifest.files.map((file) => entryOf(file));
      const { partition = [], avro = {}, content = 0, specId = 0, cutTo } = manifest;
      const bytes = (await avroFile(manifestSchema(partition), entries, avro)).subarray(0, cutTo);
      const name = `metadata/${id}-m${at}.avro`;
      await this.write(name, bytes);
      listed.push({
        manifest_path: manifest.path ?? `${this.uri}/${name}`,
        manifest_length: manifest.length ?? bytes.length,
        partition_spec_id: specId,
        content,
        sequence_number: manifest.sequence ?? sequence,
        min_sequence_number: 0,
        added_snapshot_id: 1,
      });
    }
    const list = `metadata/snap-${id}.avro`;
    await this.write(list, await avroFile(manifestListSchema, listed, listAvro));
    const said = { "sequence-number": sequence, "timestamp-ms": timestamp, "schema-id": 0 };
    const own = {
      ...said,
      "manifest-list": `${this.uri}/${list}`,
      summary: { operation: "append" },
      ...more,
    };
    // Ids of 64 bits are written as they are.
    return `{"snapshot-id": ${id}, ${JSON.stringify(own).slice(1)}`;
  }

  /** The next metadata file. `fields`: the columns. */
  async metadata(
    fields: readonly Json[],
    { current, snapshots, more = {}, name = "v1.metadata.json" }: WrittenMetadata,
  ): Promise<string> {
    const said = {
      "format-version": 2,
      location: this.uri,
      "last-updated-ms": 1_700_000_000_000,
      "last-sequence-number": 9,
      "current-schema-id": 0,
      schemas: [
        { type: "struct", "schema-id": 0, fields: fields.map((one) => ({ required: false, ...one })) },
      ],
      "default-spec-id": 0,
      "partition-specs": [{ "spec-id": 0, fields: [] }],
      ...more,
    };
    const ids = `"current-snapshot-id": ${current}, "snapshots": [${snapshots.join(", ")}]`;
    await this.write(`metadata/${name}`, `{${ids}, ${JSON.stringify(said).slice(1)}`);
    return `${this.uri}/`;
  }
}

export interface WrittenMetadata {
  current: string;
  snapshots: readonly string[];
  more?: Json;
  name?: string;
}

function entryOf(file: WrittenFile): Json {
  const { content = 0, format = "PARQUET", partition = {}, status = 1, sequence = null } = file;
  const byId = (values: Record<number, unknown> | undefined) =>
    values ? Object.entries(values).map(([key, value]) => ({ key: Number(key), value })) : null;
  return {
    status,
    snapshot_id: 1,
    sequence_number: sequence,
    data_file: {
      content,
      file_path: file.path,
      file_format: format,
      partition,
      record_count: file.rows,
      file_size_in_bytes: file.bytes,
      null_value_counts: byId(file.nulls),
      lower_bounds: byId(file.lower),
      upper_bounds: byId(file.upper),
      key_metadata: file.keyMetadata ?? null,
    },
  };
}

/** Tables on S3 and on disk of a lake. */
export function icebergTablesOf(lake: TestLake) {
  return {
    onS3: (name: string) => new IcebergWriter(`s3://lake/${name}`, name, lake.put),
    onDisk: (name: string) => new IcebergWriter(`${lake.root}/${name}`, name, lake.write),
    async rowsOf(sql: string, uri: string, moment: Json = {}) {
      return (await lake.output("lake_query", { sql, sources: { t: { uri, ...moment } } })).rows;
    },
  };
}
