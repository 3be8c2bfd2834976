import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** The bytes of a Parquet file with the rows of `select`. `options` as in COPY: `ROW_GROUP_SIZE 2048`. */
export async function parquetOf(select: string, options = "COMPRESSION zstd"): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-parquet-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const path = join(folder, "made.parquet");
    await connection.run(`SET TimeZone = 'UTC'; COPY (${select}) TO '${path}' (FORMAT parquet, ${options})`);
    return await readFile(path);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}
