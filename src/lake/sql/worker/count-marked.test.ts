import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countMarkedCells } from "./count-marked.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-marked-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function countIn(text: string): Promise<number> {
  const path = join(folder, "cells.csv");
  await writeFile(path, text);
  return countMarkedCells(path);
}

test.each([
  [
    "a mark before each kind of formula",
    "'=1,'+1,'-1,'@x,'\tx\r\n\"'\rx\",\"'\nx\",'＝1,'＋,'－,'＠\r\n",
    11,
  ],
  ["marks before marks", "''=1,'''@\r\n", 2],
  ["a mark before anything else, or nothing", "'x,',''\r\n'\r\n\"'\"\r\n'é,'＃\r\n", 0],
  ["marks inside a cell", 'a\'=1,"a,\'=1","a\r\n\'=1","""\'=1"\r\n', 0],
  ["quotes that end a cell right behind its mark", '"\'""=","\'="\r\n"\'=""",\'=\r\n', 3],
  ["empty cells and an empty file's header", ',"",\'=1\r\n,,\r\n', 1],
])("counts %s", async (_, text, count) => {
  expect(await countIn(text)).toBe(count);
});

test("counts over the seams of what is read at once", async () => {
  const line = '12345,"some, ""text""",\'=1,\'\'＝2,plain\r\n';
  expect(await countIn(line.repeat(70_000))).toBe(140_000);
});
