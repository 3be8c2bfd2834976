import { afterAll, beforeAll, expect, test } from "vitest";
import { exportSettings } from "../harness/exports.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake({ maxBytes: 1024 ** 2 });
});
afterAll(() => lake.stop());

test("2,000 columns of one row are read within a query's memory, each with its type", async () => {
  const at = Array.from({ length: 2_000 }, (_, index) => index);
  const values = at.map((index) => (index % 3 === 0 ? `text ${index}` : index));
  const uri = await lake.put(
    "wide.csv",
    `${at.map((index) => `col_${index}`).join(",")}\n${values.join(",")}\n`,
  );
  const { columns, rows } = await lake.output("lake_read_rows", { uri });
  expect(columns.map(({ type }: { type: string }) => type)).toEqual(
    at.map((index) => (index % 3 === 0 ? "VARCHAR" : "BIGINT")),
  );
  expect(rows).toEqual([values]);
});

test.each([1, 2])(
  "columns of 10,000 are read by a worker with %i threads as often as they are asked for",
  async (threads) => {
    const { query } = lake.settings;
    const one = await startTestLake({
      settings: { query: { ...query, workers: 1, threads, memoryBytes: 256e6 } },
    });
    try {
      const at = Array.from({ length: 10_000 }, (_, index) => index);
      const body = [at.map((index) => `c${index}`), at, at.map((index) => index * 2)];
      const uri = await one.put("widest.csv", `${body.map((fields) => fields.join(",")).join("\n")}\n`);
      for (let turn = 0; turn < 3; turn++) {
        const asked = { sql: `SELECT c9999, c${turn} FROM '${uri}'` };
        expect((await one.output("lake_query", asked)).rows).toEqual([
          [9_999, turn],
          [19_998, turn * 2],
        ]);
        const read = await one.output("lake_read_rows", { uri, columns: ["c5"], limit: 1 });
        expect(read.rows).toEqual([[5]]);
      }
    } finally {
      await one.stop();
    }
  },
  60_000,
);

test("columns of 10,000 are exported within the same memory", async () => {
  const { query } = lake.settings;
  const one = await startTestLake({
    settings: {
      query: { ...query, workers: 1, threads: 2, memoryBytes: 256e6 },
      exports: exportSettings("bucket"),
    },
    allowWrites: true,
  });
  try {
    const at = Array.from({ length: 10_000 }, (_, index) => index);
    const uri = await one.put("widest.csv", `${at.map((index) => `c${index}`).join(",")}\n${at.join(",")}\n`);
    for (let turn = 0; turn < 3; turn++) {
      const exported = await one.output("lake_export_query", { sql: `SELECT c5, c6 FROM '${uri}'` });
      expect((await one.output("lake_read_rows", { uri: exported.uri })).rows).toEqual([[5, 6]]);
    }
  } finally {
    await one.stop();
  }
}, 60_000);

test("an empty field in quotes is NULL in every column but text", async () => {
  const types = ["n", "f", "d", "h", "day", "at", "zoned", "b", "s"];
  const full = ["7", "0.5", "12345678901234567.25", "9".repeat(30), "2024-02-29", "2024-02-29T01:02:03"];
  const body = [
    types,
    [...full, "2024-02-29T01:02:03+02:00", "true", "x"],
    types.map(() => '""'),
    types.map(() => ""),
  ];
  const uri = await lake.put("quoted-empties.csv", `${body.map((fields) => fields.join(",")).join("\n")}\n`);
  const { columns, rows } = await lake.output("lake_read_rows", { uri });
  expect(columns.map(({ type }: { type: string }) => type)).toEqual([
    "BIGINT",
    "DOUBLE",
    "DECIMAL(19,2)",
    "HUGEINT",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "BOOLEAN",
    "VARCHAR",
  ]);
  expect(rows[0].slice(6)).toEqual(["2024-02-28T23:02:03Z", true, "x"]);
  expect(rows.slice(1)).toEqual([[...Array(8).fill(null), ""], [...Array(9).fill(null)]]);
});
