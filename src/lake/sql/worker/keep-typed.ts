import type { KeepJob } from "../protocol.ts";
import { type Instances, openDatabase } from "./database.ts";
import { literal } from "./quoting.ts";
import { viewSql } from "./views.ts";

/** Rows of a row group: as many as the engine's own have. */
const rowGroupRows = 122_880;
/** Of the memory a query may use: Parquet's writer holds more that the engine does not count. */
const memoryShare = 0.6;

/** Writes what the engine reads of a plain file, in no order, which would cost half its threads. Snappy: somebody waits. */
export async function keepTyped(instances: Instances, job: KeepJob): Promise<null> {
  const { path, uri, targetPath, dialect, types, prepared, rowCount } = job;
  const view = viewSql("kept", {
    format: "csv",
    files: [{ path, uri, partition: 0, prepared: { ...prepared, path } }],
    partitionColumns: [],
    partitions: [[]],
    columns: types.map((type, at) => ({ name: `c${at}`, type })),
    dialect,
  });
  const database = await openDatabase(instances, job, [path, targetPath], async (connection) => {
    await connection.run("SET preserve_insertion_order = false");
    await connection.run(`SET memory_limit = '${Math.floor(job.memoryBytes * memoryShare)}B'`);
    await connection.run(view);
  });
  try {
    const copied =
      await database.connection.runAndReadAll(`COPY (SELECT * FROM kept) TO ${literal(targetPath)}
      (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${rowGroupRows}, USE_TMP_FILE false)`);
    const [copiedRows] = copied.getRows()[0] ?? [];
    if (Number(copiedRows) !== rowCount) {
      throw new Error(`The engine read ${copiedRows} rows of a file of ${rowCount}.`);
    }
  } finally {
    database.close();
  }
  return null;
}
