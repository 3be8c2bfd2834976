import { expect, test } from "vitest";
import type { TableField } from "../tables/table-field.ts";
import { fileStatistics, rowCountOf } from "./file-statistics.ts";

const fields: TableField[] = [
  { name: "id", physicalName: "col-1", type: { kind: "plain", sql: "BIGINT" } },
  { name: "tags", physicalName: "col-2", type: { kind: "list", element: { kind: "plain", sql: "VARCHAR" } } },
];
const file = (stats: string | undefined) => ({ path: "a", partitionValues: {}, size: 1, stats });

test("bounds of plain columns come by the columns' own names", () => {
  const stats = {
    numRecords: 3,
    minValues: { "col-1": 1 },
    maxValues: { "col-1": 9 },
    nullCount: { "col-1": 0, "col-2": 1 },
  };
  const found = fileStatistics(file(JSON.stringify(stats)), fields);
  expect(found?.rowCount).toBe(3);
  expect([...(found?.columns ?? [])]).toEqual([["id", { min: 1, max: 9, nullCount: 0 }]]);
});

test.each([undefined, "", "{", "[]", '{"numRecords":-1}'])("%j says nothing", (stats) => {
  expect(fileStatistics(file(stats), fields)).toBeUndefined();
  expect(rowCountOf([file(stats)])).toBeUndefined();
});

test("rows that were deleted are not counted", () => {
  const deletionVector = {
    storageType: "i" as const,
    pathOrInlineDv: "x",
    offset: undefined,
    sizeInBytes: 1,
    cardinality: 2,
  };
  expect(rowCountOf([file('{"numRecords":5}'), { ...file('{"numRecords":4}'), deletionVector }])).toBe(7);
});
