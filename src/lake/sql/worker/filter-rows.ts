import type { DuckDBConnection } from "@duckdb/node-api";
import type { FilterJob } from "../protocol.ts";
import { type Instances, openDatabase } from "./database.ts";
import { identifier } from "./quoting.ts";

const numberName = "_sluice_number";

/**
 * Which rows meet all conditions, by number. Null where the engine cannot tell: the statement they are of says what
 * is wrong with them.
 */
export async function filterRows(
  instances: Instances,
  { columns, rows, conditions, ...limits }: FilterJob,
): Promise<number[] | null> {
  const database = await openDatabase(instances, limits, { files: [] }, async () => {});
  try {
    const { connection } = database;
    await fillTexts(connection, columns.length, rows);
    const values = columns.map(({ name, type, isTried }, at) => {
      const cast = isTried ? "TRY_CAST" : "CAST";
      return `${cast}(c${at} AS ${type}) AS ${identifier(name)}`;
    });
    await connection.run(
      `CREATE TABLE _sluice_rows AS SELECT ${[...values, numberName].join(", ")} FROM _sluice_texts`,
    );
    const statement = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [
      `SELECT ${numberName} FROM _sluice_rows`,
    ]);
    const tree = JSON.parse(String(statement.getRows()[0]?.[0]));
    tree.statements[0].node.where_clause = andOf(conditions.map((condition) => condition.tree));
    const sql = await connection.runAndReadAll("SELECT json_deserialize_sql($1::JSON)", [
      JSON.stringify(tree),
    ]);
    const kept = await connection.runAndReadAll(String(sql.getRows()[0]?.[0]));
    return kept.getRows().map(([number]) => Number(number));
  } catch {
    return null;
  } finally {
    database.close();
  }
}

/** Values one by one: a statement that holds them all takes seconds to be parsed where they are many. */
async function fillTexts(
  connection: DuckDBConnection,
  columnCount: number,
  rows: FilterJob["rows"],
): Promise<void> {
  const names = Array.from({ length: columnCount }, (_, at) => `c${at} VARCHAR`);
  await connection.run(`CREATE TABLE _sluice_texts (${[...names, `${numberName} BIGINT`].join(", ")})`);
  const appender = await connection.createAppender("_sluice_texts");
  try {
    for (const [number, row] of rows.entries()) {
      for (let at = 0; at < columnCount; at++) {
        const text = row[at];
        if (typeof text === "string") appender.appendVarchar(text);
        else appender.appendNull();
      }
      appender.appendBigInt(BigInt(number));
      appender.endRow();
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function andOf(children: readonly unknown[]): unknown {
  if (children.length === 1) return children[0];
  return { class: "CONJUNCTION", type: "CONJUNCTION_AND", alias: "", query_location: 0, children };
}
