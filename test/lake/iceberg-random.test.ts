import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, expect, test } from "vitest";
import { kinds } from "../harness/iceberg-kinds.ts";
import { RandomTable, type State } from "../harness/iceberg-random.ts";
import { IcebergWriter } from "../harness/iceberg-table.ts";
import { startTestLake } from "../harness/lake.ts";
import { createRandom } from "../harness/random.ts";

const lake = await startTestLake();
const instance = await DuckDBInstance.create(":memory:");
const oracle = await instance.connect();
await oracle.run("SET TimeZone = 'UTC'");
afterAll(async () => {
  oracle.closeSync();
  instance.closeSync();
  await lake.stop();
});

const firstSeed = Number(process.env.ICEBERG_SEED ?? 20_261_126);
const tables = Number(process.env.ICEBERG_TABLES ?? 12);

/** On S3 or on disk; DuckDB reads the files from disk. */
function writerOf(name: string, isOnS3: boolean): IcebergWriter {
  const put = async (file: string, body: Uint8Array | string) => {
    const path = await lake.write(file, body);
    return isOnS3 ? lake.put(file, body) : path;
  };
  return new IcebergWriter(isOnS3 ? `s3://lake/${name}` : join(lake.root, name), name, put);
}

/** Conditions on columns, some of which leave out files. */
function conditionsOf({ columns }: State, random: ReturnType<typeof createRandom>): string[] {
  const conditions = columns.flatMap(({ name, shape }) => {
    const kind = shape.is === "plain" ? kinds[shape.kind] : undefined;
    if (!kind) return [`"${name}" IS NOT NULL`];
    const value = () => `(${kind.draw(random).sql})::${kind.duck}`;
    const comparison = ["=", "<", ">=", "<>"][random(4)];
    return [
      `"${name}" ${comparison} ${value()}`,
      `"${name}" IS NULL`,
      `"${name}" IN (${value()}, ${value()})`,
    ];
  });
  return ["true", ...Array.from({ length: 2 }, () => conditions[random(conditions.length)] ?? "true")];
}

const inOrder = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();

test.each(Array.from({ length: tables }, (_, at) => firstSeed + at))(
  "A table of random steps (ICEBERG_SEED=%i) has the rows that DuckDB finds in the files that count",
  async (seed) => {
    const random = createRandom(seed);
    const name = `random-${seed}`;
    const writer = writerOf(name, random(2) === 0);
    const { uri, states } = await new RandomTable(random, writer, join(lake.root, name)).write();
    for (const state of states) {
      const texts = state.columns.flatMap(({ name: column }) => [
        `"${column}"::VARCHAR`,
        `typeof("${column}")`,
      ]);
      for (const condition of conditionsOf(state, random)) {
        const sql = `SELECT ${texts.join(", ")} FROM t WHERE ${condition}`;
        const found = await oracle.runAndReadAll(`WITH t AS (${state.rowsSql}) ${sql}`);
        const sources = { t: { uri, ...state.moment } };
        const { rows } = await lake.output("lake_query", { sql, sources });
        const asked = `${JSON.stringify(state.moment)} ${sql}`;
        expect(inOrder(rows), asked).toEqual(inOrder(found.getRows()));
        const counted = await lake.output("lake_query", {
          sql: `SELECT count(*) FROM t WHERE ${condition}`,
          sources,
        });
        expect(counted.rows, asked).toEqual([[rows.length]]);
      }
    }
  },
  60_000,
);
