import { appendFile, mkdir, mkdtemp, open, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lakeSettings } from "../../../test/harness/lake-settings.ts";
import { readAll } from "../../../test/harness/read-all.ts";
import { createStores } from "./create-stores.ts";

const { signal } = new AbortController();
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-local-"));
});
afterEach(() => rm(root, { recursive: true }));

describe.each([{ anchored: true }, { anchored: false }])("local files, $anchored", ({ anchored }) => {
  const storesOf = () =>
    createStores(lakeSettings({ localRoots: [{ name: "files", path: root }] }), { anchored });
  const listKeys = async (uri: string, options: { delimiter?: "/"; maxKeys?: number } = {}) => {
    const stores = storesOf();
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await stores.list(
        {
          location: stores.resolve(uri),
          maxKeys: options.maxKeys ?? 100,
          ...(options.delimiter && { delimiter: options.delimiter }),
          ...(after !== undefined && { after }),
        },
        signal,
      );
      expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(options.maxKeys ?? 100);
      found.push(...page.objects.map((object) => object.uri), ...page.prefixes);
      after = page.next;
    } while (after !== undefined);
    return found.map((uri) => uri.replace(`${root}/`, ""));
  };

  test("a folder is listed in key order, whole or one level, page by page", async () => {
    await mkdir(join(root, "a/deep"), { recursive: true });
    await mkdir(join(root, "empty"));
    const files = ["a-b", "a/1", "a/deep/2", "a.csv", "b", "Z", "ü"];
    for (const file of files) await writeFile(join(root, file), file);
    const sorted = ["Z", "a-b", "a.csv", "a/1", "a/deep/2", "b", "ü"];
    expect(await listKeys(root)).toEqual(sorted);
    for (const maxKeys of [1, 2, 3]) expect(await listKeys(`${root}/`, { maxKeys })).toEqual(sorted);
    expect((await listKeys(root, { delimiter: "/", maxKeys: 2 })).sort()).toEqual(
      ["Z", "a-b", "a.csv", "a/", "b", "empty/", "ü"].sort(),
    );
    expect(await listKeys(`${root}/a`)).toEqual(["a/1", "a/deep/2"]);
    expect(await listKeys(`${root}/a.csv`)).toEqual(["a.csv"]);
    await expect(listKeys(`${root}/none`)).rejects.toMatchObject({ code: "not_found" });
  });

  test("heads and ranges", async () => {
    await writeFile(join(root, "x.csv"), "0123456789");
    const stores = storesOf();
    const location = stores.resolve(`${root}/x.csv`);
    const head = await stores.head(location, signal);
    expect(head).toMatchObject({ uri: `${root}/x.csv`, sizeBytes: 10 });
    const read = async (range: object) => {
      const result = await stores.read({ location, ...range }, signal);
      expect(result).toMatchObject({ etag: head.etag, sizeBytes: 10 });
      return [result.start, (await readAll(result.body)).toString()];
    };
    expect(await read({})).toEqual([0, "0123456789"]);
    expect(await read({ start: 2, endExclusive: 5 })).toEqual([2, "234"]);
    expect(await read({ start: 8, endExclusive: 50 })).toEqual([8, "89"]);
    expect(await read({ start: 10, endExclusive: 20 })).toEqual([10, ""]);
    expect(await read({ suffixBytes: 3 })).toEqual([7, "789"]);
    expect(await read({ suffixBytes: 30 })).toEqual([0, "0123456789"]);
    expect(await read({ ifMatch: head.etag })).toEqual([0, "0123456789"]);
  });

  test("a file that changed is told from the one that was meant", async () => {
    const path = join(root, "x.csv");
    await writeFile(path, "old");
    const stores = storesOf();
    const location = stores.resolve(path);
    const before = await stores.head(location, signal);
    const begun = await stores.read({ location }, signal);
    await writeFile(path, "new");
    await utimes(path, new Date(), new Date(Date.now() + 5_000));
    await expect(stores.read({ location, ifMatch: before.etag }, signal)).rejects.toMatchObject({
      code: "changed",
    });
    await expect(readAll(begun.body)).rejects.toMatchObject({ code: "changed" });
    await expect(stores.openLocal(before)).rejects.toMatchObject({ code: "changed" });
  });

  test("a file that grows while it is read gives changed", async () => {
    const path = join(root, "x.log");
    await writeFile(path, Buffer.alloc(600_000, "x"));
    const stores = storesOf();
    const { body } = await stores.read({ location: stores.resolve(path) }, signal);
    const walk = async () => {
      for await (const _ of body) await appendFile(path, "more");
    };
    await expect(walk()).rejects.toMatchObject({ code: "changed" });
  });

  test("a body nobody walks holds no file open", async () => {
    await writeFile(join(root, "x"), "x");
    const stores = storesOf();
    const first = await open(join(root, "x"));
    const { fd } = first;
    await first.close();
    for (let turn = 0; turn < 50; turn++)
      await stores.read({ location: stores.resolve(`${root}/x`) }, signal);
    const next = await open(join(root, "x"));
    expect(next.fd).toBeLessThan(fd + 20);
    await next.close();
  });

  test("an aborted read stops", async () => {
    await writeFile(join(root, "x"), Buffer.alloc(1_000_000));
    const stores = storesOf();
    const stop = new AbortController();
    const { body } = await stores.read({ location: stores.resolve(`${root}/x`) }, stop.signal);
    stop.abort();
    await expect(readAll(body)).rejects.toThrow();
  });

  test.runIf(anchored)("an opened file stays what it was, whatever happens to its name", async () => {
    const path = join(root, "x.csv");
    await writeFile(path, "checked");
    const stores = storesOf();
    const opened = await stores.openLocal(await stores.head(stores.resolve(path), signal));
    await writeFile(join(root, "other"), "swapped");
    await rename(join(root, "other"), path);
    expect(await readFile(opened.path, "utf8")).toBe("checked");
    await opened.release();
    await opened.release();
    await expect(readFile(opened.path)).rejects.toThrow();
  });

  test.runIf(!anchored)(
    "without anchors, a file swapped while it was open is told by verifying",
    async () => {
      const path = join(root, "x.csv");
      await writeFile(path, "checked");
      const stores = storesOf();
      const opened = await stores.openLocal(await stores.head(stores.resolve(path), signal));
      expect(await readFile(opened.path, "utf8")).toBe("checked");
      await writeFile(join(root, "other"), "swapped");
      await rename(join(root, "other"), path);
      await expect(opened.verify()).rejects.toMatchObject({ code: "changed" });
      await opened.release();
    },
  );

  test("a root that is not there is unavailable, and its path is not told", async () => {
    const stores = createStores(lakeSettings({ localRoots: [{ name: "gone", path: `${root}/gone` }] }), {
      anchored,
    });
    const head = stores.head(stores.resolve(`${root}/gone/x`), signal);
    await expect(head).rejects.toMatchObject({
      code: "unavailable",
      message: expect.not.stringContaining(root),
    });
  });
});
