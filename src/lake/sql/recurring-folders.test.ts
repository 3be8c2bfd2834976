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

const newFolders = (name: string) => new RecurringFolders(async () => join(dir, name), createDirectCalls());

async function filesIn(folder: string, count: number): Promise<string[]> {
  await mkdir(join(folder, "below"), { recursive: true });
  const files = Array.from({ length: count }, (_, at) => join(folder, "below", String(at)));
  for (const file of files) await writeFile(file, "x");
  return files;
}

async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test.each([1, 200])("a name comes again once its %i files are gone, and not before", async (count) => {
  const folders = newFolders(`of ${count}`);
  const one = await folders.take("t");
  const other = await folders.take("t");
  expect(basename(one.path)).not.toBe(basename(other.path));
  const leaving = one.leave(await filesIn(one.path, count));
  expect((await folders.take("t")).path).not.toBe(one.path);
  await leaving;
  const again = await folders.take("t");
  expect(again.path).toBe(one.path);
  expect(await filesBelow(again.path)).toEqual([]);
});

test("a folder is removed whole where a file in it is not known, or cannot be removed", async () => {
  const folders = newFolders("unknown");
  for (const leave of ["discard", "leave"] as const) {
    const one = await folders.take("t");
    await filesIn(one.path, 3);
    if (leave === "discard") await one.discard();
    else await one.leave([join(one.path, "below", "0"), join(one.path, "missing")]);
    expect(await readdir(join(dir, "unknown"))).toEqual([]);
    expect(basename((await folders.take(leave)).path)).toBe(`${leave}-0`);
    await rm(join(dir, "unknown", `${leave}-0`), { recursive: true });
  }
});

test("of very many names the latest keep their folders", async () => {
  const folders = newFolders("many");
  for (let name = 0; name < 400; name++) await (await folders.take(`t${name}`)).leave([]);
  await expect.poll(() => readdir(join(dir, "many"))).toHaveLength(256);
  expect(await readdir(join(dir, "many"))).toContain("t399-0");
  expect(basename((await folders.take("t0")).path)).toBe("t0-0");
});

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
