import { afterAll, describe, expect, test } from "vitest";
import {
  checkpointOf,
  definition,
  deltaTablesOf,
  inlineVector,
  versionName,
} from "../harness/delta-table.ts";
import { startTestLake } from "../harness/lake.ts";
import { createRandom } from "../harness/random.ts";
import { type StatedRow, statedColumns, statisticsOf } from "../harness/stated-rows.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, rowsOf } = deltaTablesOf(lake);

const random = createRandom(20_261_125);
const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
const bands = 12;

describe("Files left out by statistics", () => {
  /** The same rows twice: once with statistics as writers have them, and once without any. */
  async function twice(folder: string, mapping: "none" | "name") {
    const nameOf = (name: string) => (mapping === "none" ? name : `col-${name}`);
    const fields = [{ name: "rid", type: "long" }, ...statedColumns, { name: "p", type: "string" }].map(
      ({ name, type }, at) => ({
        name,
        type,
        metadata: {
          "delta.columnMapping.physicalName": nameOf(name),
          "delta.columnMapping.id": at + 1,
        },
      }),
    );
    const settings = {
      fields,
      partitionColumns: ["p"],
      configuration: { "delta.columnMapping.mode": mapping },
      readerFeatures: ["columnMapping", "deletionVectors", "timestampNtz"],
    };
    const tables = [onS3(`${folder}-stated`), onS3(`${folder}-bare`)] as const;
    for (const table of tables) await table.create(settings);
    const added: Record<string, unknown>[] = [];
    for (let file = 0; file < bands * 2; file++) {
      const rows = rowsOfFile(file % bands);
      const names = ["rid", ...statedColumns.map(({ name }) => name)].map((name) => `"${nameOf(name)}"`);
      const values = rows.map(
        (row, at) => `(${[file * 100 + at, ...row.map((value) => value?.sql ?? "NULL")].join(", ")})`,
      );
      const types = statedColumns.map(
        ({ name, type }) => `"${nameOf(name)}"::${duckTypes[type] ?? type} AS "${nameOf(name)}"`,
      );
      const select = `SELECT "${nameOf("rid")}"::BIGINT AS "${nameOf("rid")}", ${types.join(", ")} FROM (VALUES ${values.join(", ")}) v(${names.join(", ")})`;
      const partition = { partitionValues: { [nameOf("p")]: pick(["a", "b", null]) } };
      const vector = file % 5 === 1 ? { deletionVector: inlineVector([0, 3]) } : {};
      const stats = file % 7 === 6 ? {} : { stats: statisticsOf(rows, nameOf) };
      const [stated, bare] = tables;
      added.push(await stated.file(`${file}.parquet`, select, { ...partition, ...vector, ...stats }));
      await bare.commit([await bare.file(`${file}.parquet`, select, { ...partition, ...vector })]);
    }
    const inCheckpoint = added.slice(0, bands);
    await tables[0].commit(inCheckpoint);
    await tables[0].write(
      `_delta_log/${versionName(1)}.checkpoint.parquet`,
      await checkpointOf([...definition(settings), ...inCheckpoint]),
    );
    await tables[0].commit(added.slice(bands));
    return { stated: `s3://lake/${folder}-stated/`, bare: `s3://lake/${folder}-bare/` };
  }

  const duckTypes: Record<string, string> = {
    long: "BIGINT",
    string: "VARCHAR",
    timestamp: "TIMESTAMPTZ",
    timestamp_ntz: "TIMESTAMP",
  };

  function rowsOfFile(band: number): StatedRow[] {
    const nullsOf = statedColumns.map(() => pick([0, 0, 30, 100]));
    return Array.from({ length: 8 }, () =>
      statedColumns.map((column, at) =>
        random(100) < (nullsOf[at] ?? 0) ? undefined : column.draw(random, band),
      ),
    );
  }

  function constant(column: (typeof statedColumns)[number]): string {
    const { sql } = column.draw(random, random(bands + 2) - 1);
    const [, bare] = /^'((?:[^']|'')*)'::(?:INTEGER|BIGINT|FLOAT|DOUBLE)$/.exec(sql) ?? [];
    const isNumber = bare !== undefined && /^-?\d+(\.\d+)?$/.test(bare);
    const odd = random(20);
    if (odd === 0) return column.type === "string" ? "NULL" : `(${sql})::VARCHAR`;
    return isNumber ? pick([sql, bare, `'${bare}'`]) : sql;
  }

  function leaf(): string {
    const column = pick(statedColumns);
    const value = () => constant(column);
    return pick([
      () => `${column.name} ${pick(["=", "<", "<=", ">", ">=", "<>"])} ${value()}`,
      () => `${column.name} ${pick(["=", "<", "<=", ">", ">="])} ${value()}`,
      () => `${value()} ${pick(["=", "<", "<=", ">", ">="])} ${column.name}`,
      () => `${column.name} BETWEEN ${value()} AND ${value()}`,
      () => `${column.name} IN (${value()}, ${value()})`,
      () => `${column.name} IS ${pick(["", "NOT "])}NULL`,
      () => `${column.name} IS NOT DISTINCT FROM ${value()}`,
      () => `d ${pick(["<", ">"])} DATE '1970-01-01' + INTERVAL ${random(900)} MONTH`,
      () => `p ${pick(["= 'a'", "IS NULL", "<> 'b'"])}`,
      () => "n % 7 = 3",
    ])();
  }

  function condition(depth: number): string {
    if (depth === 0 || random(3) === 0) return leaf();
    const [one, other] = [condition(depth - 1), condition(depth - 1)];
    return pick([`(${one} AND ${other})`, `(${one} OR ${other})`, `NOT (${one})`]);
  }

  test.each(["none", "name"] as const)(
    "have no row that meets the condition (column mapping: %s)",
    async (mapping) => {
      const { stated, bare } = await twice(`random-${mapping}`, mapping);
      let skipping = 0;
      let failed = 0;
      for (let round = 0; round < 40; round++) {
        const where = condition(2);
        const select = (table: string) => `SELECT rid, '${table}' AS side FROM ${table} WHERE ${where}`;
        const result = await lake.call("lake_query", {
          sql: `SELECT list(rid ORDER BY rid) FILTER (side = 'stated') a, list(rid ORDER BY rid) FILTER (side = 'bare') b FROM (${select("stated")} UNION ALL ${select("bare")})`,
          sources: { stated: { uri: stated }, bare: { uri: bare } },
        });
        if (result.kind !== "completed") {
          // Comparisons the engine refuses, which are so with and without statistics.
          failed++;
          continue;
        }
        const { rows, notes = [] } = result.output as { rows: unknown[][]; notes?: string[] };
        expect(rows[0]?.[0], where).toEqual(rows[0]?.[1]);
        if (notes.some((note) => /Left out: \d+ of 24/.test(note))) skipping++;
      }
      expect(skipping).toBeGreaterThan(10);
      expect(failed).toBeLessThan(10);
    },
    60_000,
  );
});

/** Names of the table's files that are asked for, by whatever request, while a call is made. */
async function askedBy(folder: string, call: () => Promise<unknown>) {
  const before = lake.server.requests.length;
  const output = await call();
  const urls = lake.server.requests.slice(before).map(({ url }) => url.replace(/\?.*/, ""));
  const names = urls.filter((url) => url.startsWith(`/lake/${folder}/`) && !url.includes("_delta_log"));
  return { output, names: [...new Set(names.map((url) => url.split("/").at(-1)))].sort() };
}

const idField = { name: "id", type: "long" };
const statsOf = (least: unknown, greatest: unknown, nullCount: unknown = 0) =>
  JSON.stringify({
    numRecords: 10,
    minValues: { id: least },
    maxValues: { id: greatest },
    nullCount: { id: nullCount },
  });
const tens = (at: number) => `SELECT ${at * 10} + range AS id FROM range(10)`;

describe("A file that is left out", () => {
  test("is never asked for, and a note says how many are", async () => {
    const table = onS3("asked");
    const files = await Promise.all(
      [0, 1, 2, 3].map((at) =>
        table.file(`${at}.parquet`, tens(at), { stats: statsOf(at * 10, at * 10 + 9) }),
      ),
    );
    await table.create({ fields: [idField] }, files);
    const query = await askedBy("asked", () =>
      lake.output("lake_query", {
        sql: "SELECT count(*) AS n FROM 's3://lake/asked' WHERE id BETWEEN 12 AND 20",
      }),
    );
    expect(query.output).toMatchObject({ rows: [[9]] });
    expect(query.names).toEqual(["1.parquet", "2.parquet"]);
    expect(query.output).toMatchObject({ notes: [expect.stringContaining("Left out: 2 of 4 files")] });
    const rows = await askedBy("asked", () =>
      lake.output("lake_read_rows", { uri: "s3://lake/asked/", filter: "id > 38" }),
    );
    expect(rows.output).toMatchObject({ rows: [[39]] });
    expect(rows.names).toEqual(["3.parquet"]);
    const none = await askedBy("asked", () =>
      lake.output("lake_read_rows", { uri: "s3://lake/asked/", filter: "id < 0" }),
    );
    expect(none.output).toMatchObject({ columns: [{ name: "id", type: "BIGINT" }], rows: [] });
    expect(none.names).toEqual([]);
  });

  test("is told by the columns of a checkpoint where it has no text of them", async () => {
    const table = onS3("parsed");
    const files = await Promise.all([0, 1].map((at) => table.file(`${at}.parquet`, tens(at))));
    await table.create({ fields: [idField] }, files);
    const parsed = files.map(({ add }, at) => ({
      add: { ...add, stats_parsed: JSON.parse(statsOf(at * 10, at * 10 + 9)) },
    }));
    const ofId = { id: "BIGINT" };
    const shape = { numRecords: "BIGINT", minValues: ofId, maxValues: ofId, nullCount: ofId };
    await table.write(
      `_delta_log/${versionName(0)}.checkpoint.parquet`,
      await checkpointOf([...definition({ fields: [idField] }), ...parsed], { stats_parsed: shape }),
    );
    const { output, names } = await askedBy("parsed", () =>
      rowsOf("SELECT id FROM t WHERE id = 3", "parsed"),
    );
    expect(output).toEqual([[3]]);
    expect(names).toEqual(["0.parquet"]);
  });

  test.each([
    ["no statistics", undefined],
    ["statistics that are cut off", '{"numRecords":10,"minValues":{"id":50'],
    ["bounds of another form", '{"numRecords":10,"minValues":[50],"maxValues":[60]}'],
    ["bounds of another type", statsOf("fifty", true)],
    ["bounds of a column that has none", statsOf({}, null)],
    ["bounds out of the type's range", statsOf(1e30, 1e300)],
    ["a count of nulls that is none", statsOf(0, 9, -1)],
  ])("is none with %s", async (what, stats) => {
    const folder = `hostile-${what.replaceAll(" ", "-")}`;
    const table = onS3(folder);
    await table.create({ fields: [idField] }, [
      await table.file("0.parquet", tens(0), stats === undefined ? {} : { stats }),
    ]);
    expect(await rowsOf("SELECT id FROM t WHERE id > 8 AND id IS NOT NULL", folder)).toEqual([[9]]);
  });
});
