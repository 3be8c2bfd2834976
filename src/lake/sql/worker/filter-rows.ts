import type { FilterJob } from "../protocol.ts";
import { type Instances, openDatabase } from "./database.ts";
import { identifier, list, literal } from "./quoting.ts";

const numberName = "_sluice_number";

/**
 * Which rows meet all conditions, by number. Null where the engine cannot tell: the statement they are of says what
 * is wrong with them.
 */
export async function filterRows(
  instances: Instances,
  { columns, rows, conditions, ...limits }: FilterJob,
): Promise<number[] | null> {
  const database = await openDatabase(instances, limits, [], async () => {});
  try {
    const { connection } = database;
    const values = columns.map(({ type }, at) => {
      const texts = rows.map((row) => (typeof row[at] === "string" ? literal(row[at]) : "NULL"));
      return `unnest(${list(texts)}::VARCHAR[]::${type}[]) AS ${identifier(columns[at]?.name ?? "")}`;
    });
    await connection.run(
      `CREATE TABLE _sluice_rows AS SELECT ${values.join(", ")}, unnest(range(${rows.length})) AS ${numberName}`,
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

function andOf(children: readonly unknown[]): unknown {
  if (children.length === 1) return children[0];
  return { class: "CONJUNCTION", type: "CONJUNCTION_AND", alias: "", query_location: 0, children };
}
