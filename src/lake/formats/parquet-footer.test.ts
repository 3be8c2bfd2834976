import { expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import { readParquetFooter } from "./parquet-footer.ts";

test("says where each row group lies", async () => {
  const file = await parquetOf(
    "SELECT i AS id, [i] AS list, 'n' || i AS name FROM range(10000) t(i)",
    "ROW_GROUP_SIZE 2048",
  );
  const read = async (start: number, end: number) => file.subarray(start, end);
  const { groupBytes, groupRows, footerBytes } = await readParquetFooter(read, file.length);
  expect(groupBytes).toHaveLength(groupRows.length);
  expect(groupBytes[0]?.start).toBe(4);
  expect(groupBytes.slice(1).map(({ start }) => start)).toEqual(
    groupBytes.slice(0, -1).map(({ end }) => end),
  );
  expect(groupBytes.at(-1)?.end).toBeLessThanOrEqual(file.length - 8 - footerBytes);
});
