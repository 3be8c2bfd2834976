import { closeSync, fstatSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createOpenNew } from "./new-files.ts";

/** Says by which way each of `count` files was opened, where each call at once takes `takesMs` in turn. */
async function waysOf(count: number, takesMs: (opened: number) => number) {
  const ways: string[] = [];
  let nowMs = 0;
  const atOnce = () => {
    nowMs += takesMs(ways.length);
    return ways.push("now");
  };
  const openNew = createOpenNew({ atOnce, byThread: async () => ways.push("later") }, () => nowMs);
  for (let opened = 0; opened < count; opened++) await openNew(`${opened}`);
  return ways;
}

test("files are opened at once while that is quick", async () => {
  const ways = await waysOf(200, () => 0.1);
  expect(new Set(ways)).toEqual(new Set(["now"]));
});

test("a slow file system is left to threads, and asked again now and then", async () => {
  const ways = await waysOf(131, () => 5);
  expect(ways.flatMap((way, at) => (way === "now" ? [at] : []))).toEqual([0, 65, 130]);
});

test("one that is quick again is called at once again", async () => {
  const ways = await waysOf(100, (opened) => (opened === 0 ? 5 : 0.1));
  expect(ways.slice(65).every((way) => way === "now")).toBe(true);
});

test("one that is slow to refuse is left to threads too", async () => {
  let nowMs = 0;
  const atOnce = () => {
    nowMs += 5;
    throw new Error("refused");
  };
  const openNew = createOpenNew({ atOnce, byThread: async () => 7 }, () => nowMs);
  await expect(openNew("a")).rejects.toThrow("refused");
  expect(await openNew("b")).toBe(7);
});

test("a file that is there already is refused, by either way", async () => {
  const folder = await mkdtemp(join(tmpdir(), "new-files-"));
  const taken = join(folder, "taken");
  try {
    for (const open of [createOpenNew(), await slowOpenNew(folder)]) {
      const file = await open(taken);
      expect(fstatSync(file).mode & 0o777).toBe(0o400);
      closeSync(file);
      await expect(open(taken)).rejects.toMatchObject({ code: "EEXIST" });
      await rm(taken);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** As files are opened after a slow one. */
async function slowOpenNew(folder: string) {
  let nowMs = 0;
  const openNew = createOpenNew(undefined, () => {
    nowMs += 5;
    return nowMs;
  });
  closeSync(await openNew(join(folder, "first")));
  return openNew;
}
