import { readdir, readlink } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toFault } from "../../src/core/errors.ts";
import { createObjectCache } from "../../src/lake/cache/object-cache.ts";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { lakeScope } from "../harness/lake-settings.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  for (let file = 0; file < 40; file++) await lake.write(`many/${file}.csv`, `id\n${file}\n`);
  await lake.write("one.csv", "id\n1\n");
});

afterAll(() => lake.stop());

const spellings = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `${lake.root}${"/".repeat(index + 1)}${name}`);

const totalOf = (paths: readonly string[]) =>
  `SELECT ${paths.map((path) => `(SELECT count(*) FROM '${path}')`).join(" + ")} AS n`;

async function openFilesBelow(folder: string): Promise<number> {
  const names = await readdir("/proc/self/fd");
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
  return targets.filter((target) => target.startsWith(folder)).length;
}

test("a statement names 64 tables and not one more", async () => {
  const sql = totalOf(spellings(64, "one.csv"));
  expect((await lake.output("lake_query", { sql })).rows).toEqual([[64]]);
  const over = await lake.fault("lake_query", { sql: totalOf(spellings(65, "one.csv")) });
  expect(over).toMatchObject({ code: "too_large", message: expect.stringContaining("65 tables; 64") });
});

test("a folder in twenty spellings is held open once", async () => {
  let most = 0;
  const timer = setInterval(async () => {
    most = Math.max(most, await openFilesBelow(`${lake.root}/many`));
  }, 1);
  const sql = totalOf(spellings(20, "many/"));
  expect((await lake.output("lake_query", { sql })).rows).toEqual([[800]]);
  clearInterval(timer);
  expect(most).toBeGreaterThan(0);
  // Sixteen at once are open a second time, to be read.
  expect(most).toBeLessThanOrEqual(80);
});

test("sources are 64 at most, and none is called __proto__", async () => {
  const sources = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`t${index}`, "s3://lake/x"]));
  expect(await lake.fault("lake_query", { sql: "SELECT 1", sources })).toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("64"),
  });
  const given = JSON.parse(`{"__proto__": "${lake.root}/one.csv"}`);
  const fault = await lake.fault("lake_query", { sql: 'SELECT * FROM "__proto__"', sources: given });
  expect(fault.message).toContain("cannot be called __proto__");
});

test("a source is found by its exact name first, then without regard to case", async () => {
  const sources = { T: `${lake.root}/one.csv` };
  expect((await lake.output("lake_query", { sql: "SELECT count(*) FROM t", sources })).rows).toEqual([[1]]);
});

test("a file named as a folder is listed by the name it has", async () => {
  const { objects } = await lake.output("lake_list_objects", { uri: `${lake.root}/one.csv/` });
  expect(objects).toMatchObject([{ uri: `${lake.root}/one.csv` }]);
});

test("local files past the bound are copied, and all of them are read", async () => {
  const stores = createStores(lake.settings);
  const settings = { ...lake.settings, cache: { dir: `${lake.root}-cache`, maxBytes: 1_000_000 } };
  const cache = createObjectCache({ settings, stores }, { maxOpenFiles: 3 });
  const scope = lakeScope();
  const { objects } = await stores.list(
    { location: stores.resolve(`${lake.root}/many/`), maxKeys: 100 },
    scope.signal,
  );
  const files = await Promise.all(objects.map((object) => cache.object(object, scope)));
  expect(files.filter(({ path }) => path.startsWith("/proc/"))).toHaveLength(3);
  expect(await openFilesBelow(`${lake.root}/many`)).toBe(3);
  for (const file of files) file.release();
  await expect.poll(() => openFilesBelow(`${lake.root}/many`)).toBe(0);
  const [first] = objects;
  const again = first && (await cache.object(first, scope));
  expect(again?.path).toMatch(/^\/proc\//);
  again?.release();
  await cache.close();
  stores.close();
});

test("a process that may open no more files says that it passes", () => {
  const cause = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  expect(toFault(cause, "id")).toMatchObject({ code: "unavailable", retryable: true });
  expect(toFault(new Error("wrapped", { cause }), "id")).toMatchObject({ code: "unavailable" });
});
