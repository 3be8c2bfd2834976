import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** The bytes of a Parquet file with the rows of `select`. `options` as in COPY: `ROW_GROUP_SIZE 2048`. */
export function parquetOf(select: string, options = "COMPRESSION zstd"): Promise<Buffer> {
  return copied(select, `FORMAT parquet, ${options}`);
}

/** Bytes as a zstd frame that DuckDB writes: Node compresses by zstd from its version 22 on only. */
export function zstdOf(plain: Buffer): Promise<Buffer> {
  return copied(`SELECT from_hex('${plain.toString("hex")}')`, "FORMAT blob, COMPRESSION zstd");
}

async function copied(select: string, options: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-copied-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const path = join(folder, "made");
    await connection.run(`SET TimeZone = 'UTC'; COPY (${select}) TO '${path}' (${options})`);
    return await readFile(path);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}
