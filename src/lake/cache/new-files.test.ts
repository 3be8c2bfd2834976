import { closeSync, fstatSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DirectCalls } from "./direct-calls.ts";
import { openNew } from "./new-files.ts";

const ways: [string, DirectCalls][] = [
  ["directly", { do: async (direct) => direct() }],
  ["through the pool", { do: (_, pooled) => pooled() }],
];

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "new-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

test.each(ways)("a file that is there already is refused %s", async (_, opens) => {
  const taken = join(folder, "taken");
  const restore = async () => {};
  const file = await openNew({ opens, restore }, taken);
  expect(fstatSync(file).mode & 0o777).toBe(0o400);
  closeSync(file);
  await expect(openNew({ opens, restore }, taken)).rejects.toMatchObject({ code: "EEXIST" });
});

test.each(ways)("a folder that was taken away is made again once %s", async (_, opens) => {
  const gone = join(folder, "gone");
  const restore = async () => void (await mkdir(gone));
  closeSync(await openNew({ opens, restore }, join(gone, "new")));
  await expect(
    openNew({ opens, restore: async () => {} }, join(gone, "deeper", "new")),
  ).rejects.toMatchObject({
    code: "ENOENT",
  });
});
