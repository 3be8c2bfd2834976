import { relative } from "node:path";
import type { GoldenTable } from "./golden.ts";
import { startTestLake, type TestLake } from "./lake.ts";

/** A lake that may read the reference tables, with pages that hold the largest of them. */
export function openGoldenLake(folder: string): Promise<TestLake> {
  const settings = { localRoots: [{ name: "golden", path: folder }] };
  return startTestLake({ settings, maxBytes: 64 << 20 });
}

/** The table's copy in the bucket to which `folder` was put. */
export function inBucket(table: GoldenTable, folder: string): GoldenTable {
  return { ...table, path: `s3://lake/${relative(folder, table.path)}` };
}

type Rows = { columns: { name: string; type: string }[]; rows: unknown[][]; truncated: boolean };

/** What becomes of a reference table, in words that name neither the machine nor the time. */
export async function verdictOf(lake: TestLake, { path, expected }: GoldenTable): Promise<string> {
  const result = await lake.call("lake_query", {
    sql: "SELECT * FROM t",
    sources: { t: `${path}/` },
    limit: 10_000,
  });
  if (result.kind !== "completed") {
    const fault = "fault" in result ? result.fault : { code: result.kind, message: "", details: {} };
    const feature = "feature" in fault.details ? fault.details.feature : undefined;
    const why = fault.message.replaceAll(`"${path}/"`, "its folder").replace(/"([^"]*\/)?([^"/]*)"/g, "`$2`");
    return `refused: \`${fault.code}\`${feature === undefined ? "" : `, feature \`${feature}\``}: ${why}`;
  }
  const found = result.output as unknown as Rows;
  if (found.truncated) return largeVerdict(lake, { path, expected }, found);
  if (expected === undefined) return `${found.rows.length} rows; the set has none to compare with`;
  const wanted = await expectedRows(lake, expected, found);
  const names = (rows: Rows) => rows.columns.map(({ name }) => name).join();
  if (names(found) !== names(wanted)) return "**other columns**";
  if (alike(found.rows, wanted.rows)) return `equal, ${found.rows.length} rows`;
  const inZone = await lake.output("lake_query", { sql: inWritersZone(found), sources: { t: `${path}/` } });
  return alike(inZone.rows, wanted.rows)
    ? `equal, ${found.rows.length} rows, with its times in the zone of whoever wrote it (${writersZone}): ${zoneNote(result.output)}`
    : "**other rows**";
}

/** Of the machine that wrote the set, by its rows alone. */
const writersZone = "America/Los_Angeles";

/** The table with its times of a zone as they were written, and as they are in the writer's zone. */
function inWritersZone({ columns }: Rows): string {
  const list = columns.map(({ name, type }) =>
    /^TIMESTAMP WITH TIME ZONE$/.test(type)
      ? `("${name}" AT TIME ZONE 'UTC') AT TIME ZONE '${writersZone}' AS "${name}"`
      : `"${name}"`,
  );
  return `SELECT ${list.join(", ")} FROM t`;
}

/** Of more rows than a page holds, the engine says which one side has more of. */
async function largeVerdict(
  lake: TestLake,
  { path, expected }: { path: string; expected: string | undefined },
  found: Rows,
): Promise<string> {
  const sources = { t: `${path}/`, e: `${expected}/*.parquet` };
  const wanted = `SELECT ${castList(found)} FROM e`;
  const sql = `SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM (FROM t EXCEPT ALL ${wanted})),
    (SELECT count(*) FROM (${wanted} EXCEPT ALL FROM t))`;
  const [[count, more, less]] = (await lake.output("lake_query", { sql, sources })).rows;
  return more === 0 && less === 0 ? `equal, ${count} rows` : "**other rows**";
}

async function expectedRows(lake: TestLake, folder: string, found: Rows): Promise<Rows> {
  const sql = `SELECT ${castList(found)} FROM t`;
  return lake.output("lake_query", { sql, sources: { t: `${folder}/*.parquet` }, limit: 10_000 });
}

function castList({ columns }: Rows): string {
  // Older files have times without a zone.
  const list = columns.map(({ name, type }) => `"${name.replaceAll('"', '""')}"::${type}`);
  const named = list.map((value, at) => `${value} AS "${columns[at]?.name.replaceAll('"', '""')}"`);
  return named.join(", ");
}

/** Tables have no order. */
function alike(left: unknown[][], right: unknown[][]): boolean {
  const sorted = (rows: unknown[][]) =>
    rows
      .map((row) => JSON.stringify(row))
      .sort()
      .join("\n");
  return sorted(left) === sorted(right);
}

function zoneNote(output: object): string {
  const notes = "notes" in output && Array.isArray(output.notes) ? output.notes.map(String) : [];
  return notes.find((note) => note.includes("without a zone")) ?? "**no note says why**";
}
