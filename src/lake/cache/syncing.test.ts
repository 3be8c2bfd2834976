import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { identityOf } from "./pins.ts";
import type { RangeIndex } from "./range-index.ts";
import { createSyncing } from "./syncing.ts";

const entries = mkdtempSync(join(tmpdir(), "sluice-syncing-"));
afterAll(() => rmSync(entries, { recursive: true, force: true }));
const data = join(entries, "key", "data");

let noted: (readonly { start: number; end: number }[])[] = [];
let unsyncedBytes = 0;
beforeEach(() => {
  noted = [];
  unsyncedBytes = 64 << 20;
  mkdirSync(join(entries, "key"), { recursive: true });
  writeFileSync(data, "content");
});

const index = {
  held: { all: () => [{ start: 0, end: 7 }] },
  unsyncedBytes: () => unsyncedBytes,
  noteSynced: async (ranges: readonly { start: number; end: number }[]) => {
    noted.push(ranges);
  },
} as unknown as RangeIndex;

const pin = () => ({ identity: identityOf(statSync(data)) });

test("what a power cut would lose is synced once, after a while", async () => {
  const syncing = createSyncing({ entries, knowsBoot: true }, 50);
  syncing.start("key", pin(), index);
  syncing.start("key", pin(), index);
  expect(noted).toEqual([]);
  await expect.poll(() => noted).toEqual([[{ start: 0, end: 7 }]]);
  await syncing.finished();
  expect(noted).toHaveLength(1);
});

test("who stops does not wait", async () => {
  const syncing = createSyncing({ entries, knowsBoot: true });
  syncing.start("key", pin(), index);
  await syncing.finished();
  expect(noted).toHaveLength(1);
});

test("nothing is said of an entry that was evicted, or made anew", async () => {
  const syncing = createSyncing({ entries, knowsBoot: true });
  syncing.start("key", pin(), index);
  rmSync(data);
  writeFileSync(data, "anew");
  await syncing.finished();
  const gone = createSyncing({ entries, knowsBoot: true });
  gone.start("key", pin(), index);
  rmSync(join(entries, "key"), { recursive: true });
  await gone.finished();
  expect(noted).toEqual([]);
});

test("little is left to the system, as long as the system's start is known", async () => {
  unsyncedBytes = 100;
  const [little, all] = [true, false].map((knowsBoot) => createSyncing({ entries, knowsBoot }));
  little?.start("key", pin(), index);
  await little?.finished();
  expect(noted).toEqual([]);
  all?.start("key", pin(), index);
  await all?.finished();
  expect(noted).toHaveLength(1);
});
