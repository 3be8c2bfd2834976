import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";

const partitions = 100;
const filesPerPartition = 20;

/** The rows of `lineitem` in order, as 2,000 Parquet files of 100 Hive partitions: `block=07/part-03.parquet`. */
export async function writeManyFiles(
  connection: DuckDBConnection,
  rows: number,
  folder: string,
): Promise<void> {
  const fileCount = partitions * filesPerPartition;
  for (let at = 0; at < fileCount; at++) {
    const partition = join(folder, `block=${twoDigits(Math.floor(at / filesPerPartition))}`);
    if (at % filesPerPartition === 0) await mkdir(partition, { recursive: true });
    const first = Math.floor((at * rows) / fileCount);
    const behind = Math.floor(((at + 1) * rows) / fileCount);
    await connection.run(
      `COPY (SELECT * FROM lineitem WHERE rowid >= ${first} AND rowid < ${behind})
       TO '${join(partition, `part-${twoDigits(at % filesPerPartition)}.parquet`)}' (FORMAT parquet)`,
    );
  }
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
