import { existsSync } from "node:fs";
import { link, mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Goes up with every change to the data. */
const version = 1;
const rows = 1_200_000;

export type FileKind = "parquet" | "csv";

export interface BenchData {
  rows: number;
  sizeBytes: Record<FileKind, number>;
  /** Folder to serve as a bucket. */
  folder: string;
  /** Puts the file under a key of its own, so that nothing has seen it before. */
  addKey(key: string, kind: FileKind): Promise<void>;
}

/** Order lines, made once and kept in `cacheDir`: 12 columns of the usual types. Served from below `work`. */
export async function openBenchData(cacheDir: string, work: string): Promise<BenchData> {
  const made = join(cacheDir, `lake-v${version}`);
  if (!existsSync(made)) await makeFiles(made);
  const folder = join(work, "served");
  await mkdir(folder, { recursive: true });
  const sizeOf = async (kind: FileKind) => (await stat(join(made, `lines.${kind}`))).size;
  return {
    rows,
    sizeBytes: { parquet: await sizeOf("parquet"), csv: await sizeOf("csv") },
    folder,
    async addKey(key, kind) {
      await mkdir(dirname(join(folder, key)), { recursive: true });
      await link(join(made, `lines.${kind}`), join(folder, key));
    },
  };
}

async function makeFiles(folder: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const fresh = `${folder}-${process.pid}`;
  await mkdir(fresh, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE lines AS SELECT
    i AS line_id, (hash(i, 'order') % 400000)::BIGINT AS order_id, (hash(i, 'part') % 20000)::INTEGER AS part_id,
    1 + (hash(i, 'quantity') % 50)::INTEGER AS quantity,
    ((hash(i, 'price') % 10000000)::BIGINT / 100)::DECIMAL(12,2) AS price,
    ((hash(i, 'discount') % 11)::BIGINT / 100)::DECIMAL(4,2) AS discount,
    ['A', 'N', 'R'][1 + (hash(i, 'flag') % 3)::BIGINT] AS flag,
    ['OPEN', 'SHIPPED', 'RETURNED', 'LOST'][1 + (hash(i, 'status') % 4)::BIGINT] AS status,
    DATE '2020-01-01' + (i * 2000 // ${rows})::INTEGER AS shipped_on,
    ['AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL'][1 + (hash(i, 'mode') % 5)::BIGINT] AS mode,
    't' || hash(i, 'token') AS token,
    'line ' || i || ' packed by ' || (hash(i, 'packer') % 900) AS comment
    FROM range(${rows}) t(i)`);
  await connection.run(`COPY lines TO '${join(fresh, "lines.parquet")}' (FORMAT parquet, COMPRESSION zstd)`);
  await connection.run(`COPY lines TO '${join(fresh, "lines.csv")}' (FORMAT csv, HEADER)`);
  connection.closeSync();
  instance.closeSync();
  await rename(fresh, folder);
}
