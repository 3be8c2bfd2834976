import { type FileMetaData, parquetMetadata } from "hyparquet";
import { ToolError } from "../../core/errors.ts";
import { encryptedParquetMagic, parquetMagic, startsWith } from "./magic.ts";
import { geometryColumns, hasGeoMetadata } from "./parquet-geo.ts";
import { type ColumnStatistics, rawBounds, statisticsOf } from "./parquet-statistics.ts";
import { firstTailBytes, maxFooterBytes, minParquetBytes } from "./parquet-tail.ts";
import { checkThriftStruct } from "./parquet-thrift.ts";
import { columnsOf, type ParquetColumn } from "./parquet-types.ts";

/** What a Parquet file's footer says. Plain JSON. */
export interface ParquetFooter {
  rowCount: number;
  rowGroups: number;
  /** Rows of each row group, in the order of the file. */
  groupRows: number[];
  /** Where the column chunks of each row group lie. Empty where much else lies between them. */
  groupBytes: { start: number; end: number }[];
  /** Such as `SNAPPY`, sorted. */
  codecs: string[];
  createdBy?: string;
  /** Of the format: 1 or 2. */
  version: number;
  /** Top-level columns in file order. */
  columns: (ParquetColumn & ColumnStatistics)[];
  /** It has GeoParquet's metadata, valid or not. */
  isGeo: boolean;
  footerBytes: number;
}

/** Reads bytes of the file from `start` up to and without `end`. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/**
 * Reads the footer with one or two ranged reads. Throws `invalid_input` for files that are damaged or no
 * Parquet, `unsupported` for encrypted ones, for columns kept in other files, and for footers over 64 MiB. What `read` throws
 * comes through as it is.
 */
export async function readParquetFooter(read: ReadRange, sizeBytes: number): Promise<ParquetFooter> {
  if (sizeBytes < minParquetBytes)
    throw damagedParquet(`it has ${sizeBytes} bytes, and the smallest one has ${minParquetBytes}`);
  const tail = await readExactly(read, sizeBytes - firstTailBytes(sizeBytes), sizeBytes);
  checkMagic(tail, sizeBytes);
  const footerBytes = tail.readUInt32LE(tail.length - 8);
  if (footerBytes > sizeBytes - minParquetBytes) {
    throw damagedParquet(`its footer claims ${footerBytes} bytes of a file of ${sizeBytes}`);
  }
  if (footerBytes > maxFooterBytes) {
    throw new ToolError(
      "unsupported",
      `The Parquet footer takes ${footerBytes} bytes; ${maxFooterBytes} are the most Sluice reads.`,
    );
  }
  const withEnd = footerBytes + 8;
  const end =
    withEnd <= tail.length
      ? tail.subarray(tail.length - withEnd)
      : Buffer.concat([await readExactly(read, sizeBytes - withEnd, sizeBytes - tail.length), tail]);
  return parseFooter(end, sizeBytes);
}

/** The library's own look for GeoParquet does not end on negative member counts, so it is left out. */
const libraryOptions = { parsers: rawBounds, geoparquet: false };

/** Bytes may be well-formed and still mean nothing; whatever then goes wrong is the file's fault. */
function parseFooter(footerWithEnd: Buffer, sizeBytes: number): ParquetFooter {
  const footerBytes = footerWithEnd.length - 8;
  try {
    checkThriftStruct(footerWithEnd.subarray(0, footerBytes));
    return describeFile(parquetMetadata(footerWithEnd, libraryOptions), sizeBytes, footerBytes);
  } catch (thrown) {
    throw thrown instanceof ToolError ? thrown : damagedParquet("its footer cannot be read", thrown);
  }
}

async function readExactly(read: ReadRange, start: number, end: number): Promise<Buffer> {
  const bytes = await read(start, end);
  if (bytes.length !== end - start) {
    throw new ToolError(
      "changed",
      `The file gave ${bytes.length} bytes where ${end - start} were asked for. Try again.`,
    );
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkMagic(tail: Buffer, sizeBytes: number): void {
  const last = tail.length - 4;
  if (startsWith(tail, encryptedParquetMagic, last)) throw encrypted("its footer");
  if (!startsWith(tail, parquetMagic, last))
    throw damagedParquet("it does not end in PAR1; it may be cut short");
  if (tail.length === sizeBytes && !startsWith(tail, parquetMagic))
    throw damagedParquet("it does not begin with PAR1");
}

function describeFile(metadata: FileMetaData, sizeBytes: number, footerBytes: number): ParquetFooter {
  const { columns, leaves } = columnsOf(metadata.schema, geometryColumns(metadata.key_value_metadata));
  if (columns.length === 0) throw damagedParquet("its schema has no columns");
  if (typeof metadata.version !== "number") throw damagedParquet("its footer has no version");
  const rowCount = countRows(metadata, leaves, sizeBytes);
  const codecs = new Set(metadata.row_groups.flatMap((group) => group.columns.map(codecOf)));
  return {
    rowCount,
    rowGroups: metadata.row_groups.length,
    groupRows: metadata.row_groups.map(({ num_rows: rows }) => Number(rows)),
    groupBytes: metadata.row_groups.map(({ columns }) => bytesOf(columns)),
    codecs: [...codecs].sort(),
    ...(metadata.created_by === undefined ? {} : { createdBy: metadata.created_by }),
    version: metadata.version,
    columns: columns.map((column) => ({ ...column, ...statisticsOf(metadata, column) })),
    isGeo: hasGeoMetadata(metadata.key_value_metadata),
    footerBytes,
  };
}

type ColumnChunk = FileMetaData["row_groups"][number]["columns"][number];
type ColumnMetaData = NonNullable<ColumnChunk["meta_data"]>;

/** The library leaves out codecs it has no name for. */
function codecOf({ meta_data: data }: ColumnChunk): string {
  const codec: string | undefined = data?.codec;
  if (codec === undefined) throw damagedParquet("a column is compressed in a way the format does not have");
  return codec;
}

/** The rows of all groups, having checked that the counts agree and that all data lies inside the file. */
function countRows(metadata: FileMetaData, leaves: number, sizeBytes: number): number {
  let rows = 0n;
  for (const group of metadata.row_groups) {
    if (typeof group.num_rows !== "bigint" || group.num_rows < 0n)
      throw damagedParquet("a row group has no row count");
    rows += group.num_rows;
    if (group.columns.length !== leaves) {
      throw damagedParquet(
        `a row group has ${group.columns.length} column chunks, its schema ${leaves} columns`,
      );
    }
    for (const chunk of group.columns) checkChunk(chunk, sizeBytes);
  }
  // Early writers left the total at 0; DuckDB, too, goes by the row groups.
  const isTotalled = rows === metadata.num_rows || metadata.num_rows === 0n;
  if (!isTotalled || rows > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw damagedParquet(`it claims ${metadata.num_rows} rows, its row groups ${rows}`);
  }
  return Number(rows);
}

function checkChunk(chunk: ColumnChunk, sizeBytes: number): void {
  if (chunk.crypto_metadata || chunk.encrypted_column_metadata) throw encrypted("a column");
  if (chunk.file_path) {
    throw new ToolError(
      "unsupported",
      "The Parquet file keeps its columns in other files. Read those files themselves.",
    );
  }
  const data = chunk.meta_data;
  if (!data) throw damagedParquet("a column chunk is not described");
  const { total_compressed_size: compressedBytes } = data;
  const start = startOf(data);
  const isInside = start >= 0n && compressedBytes >= 0n && start + compressedBytes <= BigInt(sizeBytes);
  if (!isInside)
    throw damagedParquet(`the column ${JSON.stringify(data.path_in_schema.join("."))} lies outside the file`);
}

/** Some writers give 0 for a dictionary that is not there. */
function startOf({ data_page_offset: page, dictionary_page_offset: dictionary }: ColumnMetaData): bigint {
  return dictionary && dictionary < page ? dictionary : page;
}

/** Writers may align chunks, but hardly put more between them. */
const maxSpread = 1.02;

function bytesOf(chunks: readonly ColumnChunk[]): { start: number; end: number } {
  let [start, end, chunkBytes] = [Number.POSITIVE_INFINITY, 0, 0];
  for (const { meta_data: data } of chunks) {
    if (!data) continue;
    const first = Number(startOf(data));
    const sizeBytes = Number(data.total_compressed_size);
    start = Math.min(start, first);
    end = Math.max(end, first + sizeBytes);
    chunkBytes += sizeBytes;
  }
  return end - start <= chunkBytes * maxSpread ? { start, end } : { start: 0, end: 0 };
}

/** The fault of a file that is not as the format has it. */
export function damagedParquet(what: string, cause?: unknown): ToolError {
  const message = `The Parquet file is damaged, or is no Parquet file: ${what}. Write it anew, or leave it out.`;
  return new ToolError("invalid_input", message, { cause });
}

function encrypted(what: string): ToolError {
  return new ToolError(
    "unsupported",
    `The Parquet file is encrypted (${what}), and Sluice has no keys for it.`,
  );
}
