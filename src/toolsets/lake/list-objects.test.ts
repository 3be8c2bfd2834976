import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../../../test/harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  for (let number = 0; number < 25; number++) {
    await lake.put(`logs/day=${String(number).padStart(2, "0")}/a.csv`, "x\n".repeat(number));
  }
  await lake.put("logs/readme.txt", "hello");
  await lake.put("odd/a b+c%2F#?&é😀.csv", "x,y\n1,2\n");
  await lake.write("orders/one.csv", "a,b\n1,2\n");
  await lake.write("orders/deep/two.csv", "a,b\n1,2\n");
});
afterAll(() => lake.stop());

/** Walks every page. */
async function walk(args: Record<string, unknown>) {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await lake.output("lake_list_objects", { ...args, ...(cursor ? { cursor } : {}) });
    found.push(...page.prefixes, ...page.objects.map((object: { uri: string }) => object.uri));
    cursor = page.cursor;
    expect(page.truncated).toBe(cursor !== undefined);
  } while (cursor !== undefined);
  return found;
}

describe("lake_list_objects", () => {
  test("shows one level, folders and objects", async () => {
    const { prefixes, objects } = await lake.output("lake_list_objects", { uri: "s3://lake/" });
    expect({ prefixes, objects }).toEqual({ prefixes: ["s3://lake/logs/", "s3://lake/odd/"], objects: [] });
  });

  test("shows all levels without a delimiter", async () => {
    expect(await walk({ uri: "s3://lake/", delimiter: "" })).toHaveLength(27);
  });

  test.each([1, 7, 25])("walks %i at a time and gives each name once", async (limit) => {
    const found = await walk({ uri: "s3://lake/logs/", limit });
    expect(found.sort()).toEqual([
      ...Array.from({ length: 25 }, (_, n) => `s3://lake/logs/day=${String(n).padStart(2, "0")}/`),
      "s3://lake/logs/readme.txt",
    ]);
  });

  test("filters by glob, size and time", async () => {
    expect(await walk({ uri: "s3://lake/logs/", glob: "**/*.csv", minSizeBytes: 46, limit: 1 })).toEqual([
      "s3://lake/logs/day=23/a.csv",
      "s3://lake/logs/day=24/a.csv",
    ]);
    expect(await walk({ uri: "s3://lake/logs/", glob: "day=0[12]/*", maxSizeBytes: 2 })).toEqual([
      "s3://lake/logs/day=01/a.csv",
    ]);
    expect(await walk({ uri: "s3://lake/", delimiter: "", modifiedAfter: "2100-01-01T00:00:00Z" })).toEqual(
      [],
    );
  });

  test("a name it gave can be read, whatever is in it", async () => {
    const [uri] = await walk({ uri: "s3://lake/odd/" });
    expect(uri).toBe("s3://lake/odd/a b+c%2F#?&é😀.csv");
    expect((await lake.output("lake_read_rows", { uri })).rows).toEqual([[1, 2]]);
  });

  test("lists local folders the same way", async () => {
    const { prefixes, objects } = await lake.output("lake_list_objects", { uri: `${lake.root}/orders` });
    expect(prefixes).toEqual([`${lake.root}/orders/deep/`]);
    expect(objects).toMatchObject([{ uri: `${lake.root}/orders/one.csv`, sizeBytes: 8 }]);
    expect(await walk({ uri: `${lake.root}/orders/`, glob: "deep/*.csv" })).toEqual([
      `${lake.root}/orders/deep/two.csv`,
    ]);
  });

  test("with no uri shows the places", async () => {
    const { prefixes } = await lake.output("lake_list_objects");
    expect(prefixes.sort()).toEqual([`${lake.root}/`, "s3://lake/"].sort());
  });

  test("a cursor goes with its own arguments only", async () => {
    const { cursor } = await lake.output("lake_list_objects", { uri: "s3://lake/logs/", limit: 1 });
    expect(await lake.fault("lake_list_objects", { uri: "s3://lake/", cursor })).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("belongs to other arguments"),
    });
    expect(await lake.fault("lake_list_objects", { uri: "s3://lake/", cursor: "bm90" })).toMatchObject({
      code: "invalid_input",
    });
  });

  test.each([
    [{ uri: "s3://other/" }, "denied"],
    [{ uri: "/etc/" }, "denied"],
    [{ uri: "s3://lake/", minSizeBytes: 5, maxSizeBytes: 1 }, "invalid_input"],
    [{ uri: "s3://lake/", limit: 1001 }, "invalid_input"],
    [{ uri: "s3://lake/", modifiedAfter: "yesterday" }, "invalid_input"],
    [{ glob: "*.csv" }, "invalid_input"],
  ])("refuses %j as %s", async (args, code) => {
    expect(await lake.fault("lake_list_objects", args)).toMatchObject({ code });
  });

  test("answers to its old name and arguments", async () => {
    const { objects } = await lake.output("list_s3_objects", {
      bucket_name: "lake",
      prefix: "logs/r",
      max_keys: 5,
    });
    expect(objects).toMatchObject([{ uri: "s3://lake/logs/readme.txt" }]);
  });
});

describe("lake_list_buckets and lake_list_sources", () => {
  test("name what may be read", async () => {
    expect(await lake.output("lake_list_buckets")).toMatchObject({
      buckets: [{ name: "lake", uri: "s3://lake/" }],
      truncated: false,
    });
    expect(await lake.output("list_s3_buckets")).toMatchObject({ buckets: [{ name: "lake" }] });
    const { sources } = await lake.output("lake_list_sources");
    expect(sources.map(({ kind, name }: Record<string, string>) => [kind, name])).toEqual([
      ["s3", "lake"],
      ["local", "root"],
    ]);
  });
});
