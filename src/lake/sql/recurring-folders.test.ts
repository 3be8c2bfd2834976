import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDirectCalls } from "../cache/direct-calls.ts";
import { RecurringFolders } from "./recurring-folders.ts";

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-recurring-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test.each([1, 1_000])(
  "a name comes again once its folder is gone, and not before (%i files)",
  async (count) => {
    const folders = new RecurringFolders(async () => join(dir, `of ${count}`), createDirectCalls());
    const one = await folders.take("t");
    const other = await folders.take("t");
    expect(basename(one.path)).not.toBe(basename(other.path));
    await mkdir(join(one.path, "below"));
    await writeFile(join(one.path, "below", "file"), "x");
    await one.remove(count);
    const again = await folders.take("t");
    expect(again.path).toBe(one.path);
    expect(await readdir(again.path)).toEqual([]);
    await Promise.all([other.remove(count), again.remove(count)]);
    expect(await readdir(join(dir, `of ${count}`))).toEqual([]);
  },
);

test("where to make them is asked again after it could not be told", async () => {
  let asked = 0;
  const parent = async () => {
    if (++asked === 1) throw new Error("not now");
    return join(dir, "later");
  };
  const folders = new RecurringFolders(parent, createDirectCalls());
  await expect(folders.take("t")).rejects.toThrow("not now");
  const one = await folders.take("t");
  await folders.take("t");
  expect(basename(one.path)).toBe("t-0");
  expect(asked).toBe(2);
});

test("the name of a folder that cannot be removed does not come again", async () => {
  const calls = {
    do: async () => {
      throw new Error("busy");
    },
  };
  const folders = new RecurringFolders(async () => join(dir, "stuck"), calls);
  const stuck = await folders.take("t");
  await stuck.remove(1);
  expect((await folders.take("t")).path).not.toBe(stuck.path);
});
