import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { createFooters } from "./footers.ts";

const bytes = await parquetOf("SELECT i AS salary FROM range(10) t(i)");
const scope = {
  tenantId: "t",
  principalId: "p",
  signal: new AbortController().signal,
  progress() {},
};

function file(tableId?: string): StoredObject {
  const place = { kind: "s3", bucket: "unity", key: "orders/a.parquet" } as const;
  return {
    uri: "s3://unity/orders/a.parquet",
    location: tableId === undefined ? place : { ...place, tableId },
    sizeBytes: bytes.length,
    etag: "e",
    lastModified: new Date(0),
  };
}

test("a footer that was read with a table's credentials is not given for the plain name, nor for another table", async () => {
  const readAs: unknown[] = [];
  const read: Stores["read"] = async ({ location, start = 0, endExclusive }) => {
    readAs.push("tableId" in location ? location.tableId : undefined);
    return {
      etag: "e",
      sizeBytes: bytes.length,
      start,
      body: Readable.from([Buffer.from(bytes.subarray(start, endExclusive))]),
    };
  };
  const footers = createFooters({
    parquet: { isKnown: () => false, knownSchema: () => undefined, open: async () => undefined },
    stores: { read } as Stores,
  });
  const first = await footers.read(file("table-1"), scope);
  expect(new Set(readAs)).toEqual(new Set(["table-1"]));
  expect(await footers.read(file("table-1"), scope)).toBe(first);
  for (const tableId of [undefined, "table-2"]) {
    readAs.length = 0;
    await footers.read(file(tableId), scope);
    expect(new Set(readAs)).toEqual(new Set([tableId]));
  }
});
