import { statSync } from "node:fs";
import type { InspectJob } from "../protocol.ts";
import type { ReadInPlace } from "../scan/prepared.ts";
import { type Instances, openDatabase } from "./database.ts";
import { identifier, list, literal } from "./quoting.ts";
import { csvBufferBytes, csvReader } from "./views.ts";

/** Fifteen digits always come back from a double (IEEE 754), unless an exponent puts them out of its range. */
const exactChars = 15;

/**
 * Whether a double gives back every number of these columns of a file that was found plain but for that: the engine
 * writes the shortest text that is read as the same double.
 */
export async function provesDoubles(
  instances: Instances,
  job: InspectJob,
  prepared: ReadInPlace,
  columns: readonly number[],
): Promise<boolean> {
  const { path, dialect, columnCount, ...limits } = job;
  const maxLineBytes = prepared.longestRecordBytes + 1024;
  const reader = csvReader({
    ...prepared,
    ...dialect,
    paths: list([literal(path)]),
    columns: Array.from({ length: columnCount }, (_, at) => ({ name: `c${at}`, type: "VARCHAR" })),
    maxLineBytes,
    bufferBytes: csvBufferBytes([statSync(path).size], maxLineBytes),
  });
  const conditions = columns.map((at) => {
    const text = identifier(`c${at}`);
    const isDoubtful = `strlen(${text}) > ${exactChars} OR contains(${text}, 'e') OR contains(${text}, 'E')`;
    return `((${isDoubtful}) AND CAST(TRY_CAST(${text} AS DOUBLE) AS VARCHAR) IS DISTINCT FROM ${text})`;
  });
  const database = await openDatabase(instances, limits, { files: [path] }, async () => {});
  try {
    const found = await database.connection.runAndReadAll(
      `SELECT 1 FROM ${reader}, hive_partitioning = false) WHERE ${conditions.join(" OR ")} LIMIT 1`,
    );
    return found.currentRowCount === 0;
  } finally {
    database.close();
  }
}
