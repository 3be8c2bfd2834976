import { afterEach, expect, test, vi } from "vitest";
import type { TableStoreDeps } from "./table-store.ts";
import { createTableStores } from "./table-stores.ts";

afterEach(() => vi.useRealTimers());

test("a table's store that was pushed out is closed when no call can read from it any more", () => {
  vi.useFakeTimers();
  const stores = createTableStores();
  const deps = { s3: {}, now: Date.now } as unknown as TableStoreDeps;
  const open = (at: number) =>
    stores.open(
      { catalog: "main", schema: "sales", table: `t${at}` },
      { tableId: `id-${at}`, bucket: "unity", prefix: `t${at}/` },
      deps,
    );
  const first = open(0);
  const close = vi.spyOn(first, "close");
  for (let at = 1; at <= 256; at++) open(at);
  expect(stores.get("id-0")).toBeUndefined();
  expect(close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60 * 60_000);
  expect(close).toHaveBeenCalledOnce();
  stores.close();
  expect(close).toHaveBeenCalledOnce();
});
