import {
  checkpointOf,
  type DeltaWriter,
  definition,
  inlineVector,
  mappedField,
  storedVector,
  type TableSettings,
  versionName,
} from "./delta-table.ts";

interface WrittenTable {
  name: string;
  write(table: DeltaWriter): Promise<unknown>;
  /** Versions whose commits are removed once it is written, as a checkpoint stands for them. */
  gone?: readonly number[];
}

interface ReadableTable extends WrittenTable {
  /** Name and type, where it is not the one column `id`. */
  columns?: Readonly<Record<string, string>>;
  /** In the order of their first column, by version; `latest` is asked for without one. */
  rows: Readonly<Record<number, unknown[][]> & { latest: unknown[][] }>;
}

interface RefusedTable extends WrittenTable {
  /** The reader feature by whose name it is refused. */
  feature: string;
}

/** A Delta table of the committed set, and what its reader has to say. */
export type DeltaSetTable = ReadableTable | RefusedTable;

const idField = { name: "id", type: "long" };
const ids = (from: number, to: number) => `SELECT range AS id FROM range(${from}, ${to})`;
const mappedBy = (mode: string, fields: TableSettings["fields"]) => ({
  fields,
  minReaderVersion: 2,
  configuration: { "delta.columnMapping.mode": mode },
});

/** A table for each of the main ways a table's state is kept, and one that is refused. */
export const deltaSet: readonly DeltaSetTable[] = [
  {
    name: "commits",
    rows: { 0: [[0], [1]], latest: [[1], [2]] },
    async write(table) {
      const a = await table.file("a%20file.parquet", ids(0, 2));
      await table.create({ fields: [idField] }, [a]);
      await table.file("not-committed.parquet", ids(90, 99));
      await table.commit([
        { remove: { path: "a%20file.parquet", dataChange: true } },
        await table.file("b.parquet", ids(1, 3)),
      ]);
    },
  },
  checkpointed("checkpoint", async (table, state) => {
    await table.write(checkpointName(".parquet"), await checkpointOf(state));
    await table.write("_delta_log/_last_checkpoint", '{"version":1,"size":3}');
  }),
  checkpointed("checkpoint-of-parts", async (table, state) => {
    await table.write(
      checkpointName(".0000000001.0000000002.parquet"),
      await checkpointOf(state.slice(0, 1)),
    );
    await table.write(checkpointName(".0000000002.0000000002.parquet"), await checkpointOf(state.slice(1)));
  }),
  checkpointed("checkpoint-v2", async (table, state) => {
    const sidecar = { path: "part-1.parquet", sizeInBytes: 1, modificationTime: 1 };
    const top = [{ checkpointMetadata: { version: 1 } }, ...state.slice(0, 2), { sidecar }];
    await table.write("_delta_log/_sidecars/part-1.parquet", await checkpointOf(state.slice(2)));
    const text = top.map((action) => JSON.stringify(action)).join("\n");
    await table.write(checkpointName(".80a083e8-7026-4e79-81be-64bd76c43a11.json"), text);
  }),
  {
    name: "partitions",
    columns: { id: "BIGINT", word: "VARCHAR", day: "DATE" },
    rows: {
      latest: [
        [1, "ä b", "2024-02-29"],
        [2, null, null],
      ],
    },
    async write(table) {
      const fields = [idField, { name: "word", type: "string" }, { name: "day", type: "date" }];
      await table.create({ fields, partitionColumns: ["word", "day"] }, [
        await table.file("word=%C3%A4%20b/day=2024-02-29/a.parquet", ids(1, 2), {
          partitionValues: { word: "ä b", day: "2024-02-29" },
        }),
        await table.file("b.parquet", ids(2, 3), { partitionValues: { word: null, day: null } }),
      ]);
    },
  },
  {
    name: "columns-by-name",
    columns: { "an id": "BIGINT" },
    rows: { latest: [[5]] },
    async write(table) {
      const file = await table.file("a.parquet", `SELECT 5::BIGINT AS "col-1"`);
      await table.create(mappedBy("name", [mappedField("an id", "col-1", 1)]), [file]);
    },
  },
  {
    name: "columns-by-id",
    columns: { a: "BIGINT", new: "BIGINT" },
    rows: { latest: [[5, null]] },
    async write(table) {
      const file = await table.file("a.parquet", "SELECT 5::BIGINT AS p", {}, "FIELD_IDS {p: 1}");
      await table.create(mappedBy("id", [mappedField("a", "gone", 1), mappedField("new", "x", 9)]), [file]);
    },
  },
  {
    name: "wider-types",
    columns: { n: "BIGINT" },
    rows: { latest: [[7], ["9007199254740993"]] },
    async write(table) {
      const settings = (type: string) => ({
        fields: [{ name: "n", type }],
        readerFeatures: ["typeWidening"],
      });
      const old = await table.file("a.parquet", "SELECT 7::INTEGER AS n");
      await table.create(settings("integer"), [old]);
      const wider = await table.file("b.parquet", "SELECT 9007199254740993 AS n");
      await table.commit([...definition(settings("long")), wider]);
    },
  },
  deletedFrom("deleted-in-the-log", async () => inlineVector([0, 2])),
  deletedFrom("deleted-in-a-file", (table) => storedVector(table, [0, 2])),
  {
    name: "unknown-feature",
    feature: "futureFeature",
    write: (table) => table.create({ fields: [idField], readerFeatures: ["futureFeature"] }),
  },
];

function checkpointName(rest: string): string {
  return `_delta_log/${versionName(1)}.checkpoint${rest}`;
}

/** Three versions; the checkpoint is of the second, and what was before it is gone. */
function checkpointed(
  name: string,
  write: (table: DeltaWriter, state: Record<string, unknown>[]) => Promise<void>,
): DeltaSetTable {
  return {
    name,
    gone: [0, 1],
    rows: { 1: [[1]], latest: [[1], [2]] },
    async write(table) {
      const settings = { fields: [idField], readerFeatures: ["v2Checkpoint"] };
      const a = await table.file("a.parquet", ids(0, 1));
      const b = await table.file("b.parquet", ids(1, 2));
      await table.create(settings, [a, b]);
      await table.commit([{ remove: { path: "a.parquet" } }]);
      await table.commit([await table.file("c.parquet", ids(2, 3))]);
      await write(table, [...definition(settings), b]);
    },
  };
}

function deletedFrom(
  name: string,
  vectorOf: (table: DeltaWriter) => Promise<Record<string, unknown>>,
): DeltaSetTable {
  return {
    name,
    rows: { 0: [[0], [1], [2], [3]], latest: [[1], [3]] },
    async write(table) {
      const file = await table.file("a.parquet", ids(0, 4));
      await table.create({ fields: [idField], readerFeatures: ["deletionVectors"] }, [file]);
      await table.commit([
        { remove: { path: "a.parquet", dataChange: true } },
        { add: { ...file.add, deletionVector: await vectorOf(table) } },
      ]);
    },
  };
}
