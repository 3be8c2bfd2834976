import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ResultSpool } from "./result-spool.ts";

let dir: string;
let nowMs: number;
let spool: ResultSpool;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-spool-"));
  nowMs = 0;
  spool = new ResultSpool({ folder: join(dir, "kept"), maxBytes: 1_000, keepMs: 900, now: () => nowMs });
});
afterEach(() => rm(dir, { recursive: true }));

async function keep(owner: string, sizeBytes: number): Promise<string | undefined> {
  const path = join(dir, "rows.jsonl");
  await writeFile(path, `${JSON.stringify(["x".repeat(sizeBytes - 5)])}\n`);
  const file = { path, sizeBytes, rowCount: 1, marks: [0], rowsPerMark: 256, isCut: false };
  return spool.keep(file, { columns: [{ name: "v", type: "VARCHAR" }], owner, notes: [], totalRows: 1 });
}

const rowsOf = (handle: string | undefined, owner: string) =>
  spool.page(handle ?? "", 0, owner, { maxRows: 10, maxBytes: 10_000 });

test("an owner's results make room for its own, longest unused first", async () => {
  const [first, second] = [await keep("ada", 400), await keep("ada", 400)];
  nowMs = 10;
  await rowsOf(first, "ada");
  const third = await keep("ada", 400);
  expect((await rowsOf(first, "ada")).rows).toHaveLength(1);
  expect((await rowsOf(third, "ada")).rows).toHaveLength(1);
  await expect(rowsOf(second, "ada")).rejects.toMatchObject({ code: "not_found" });
});

test("nobody's fresh results make room for another's, and nothing is lost by the asking", async () => {
  const hers = await keep("ada", 600);
  const his = await keep("bob", 300);
  expect(await keep("bob", 500)).toBeUndefined();
  expect((await rowsOf(hers, "ada")).rows).toHaveLength(1);
  expect((await rowsOf(his, "bob")).rows).toHaveLength(1);
  expect(await readdir(join(dir, "kept"))).toHaveLength(2);
});

test("results that rest make room for another's", async () => {
  const hers = await keep("ada", 600);
  nowMs = 400;
  const his = await keep("bob", 500);
  expect((await rowsOf(his, "bob")).rows).toHaveLength(1);
  await expect(rowsOf(hers, "ada")).rejects.toMatchObject({ code: "not_found" });
});

test("results that come at the same time do not take the same room", async () => {
  const made = await Promise.all(["a", "b", "c"].map((owner) => keepAs(owner)));
  expect(made.filter((handle) => handle !== undefined)).toHaveLength(2);
});

async function keepAs(owner: string): Promise<string | undefined> {
  const path = join(dir, `${owner}.jsonl`);
  await writeFile(path, "[1]\n");
  const file = { path, sizeBytes: 400, rowCount: 1, marks: [0], rowsPerMark: 256, isCut: false };
  return spool.keep(file, { columns: [{ name: "v", type: "BIGINT" }], owner, notes: [], totalRows: 1 });
}
