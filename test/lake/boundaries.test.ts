import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake({ settings: { buckets: [{ bucket: "lake", prefix: "open/" }] } });
  await lake.put("open/a.csv", "id\n1\n");
  await lake.put("open/deep/b.csv", "id\n2\n");
  await lake.put("open-evil/c.csv", "id\n3\n");
  await lake.put("secret/d.csv", "id\n4\n");
  const outside = join(lake.root, "..", "outside");
  await mkdir(outside);
  await writeFile(join(outside, "secret.csv"), "id\n5\n");
  await lake.write("mine.csv", "id\n6\n");
  await symlink(join(outside, "secret.csv"), join(lake.root, "linked.csv"));
  await symlink(outside, join(lake.root, "folder"));
  await link(join(outside, "secret.csv"), join(lake.root, "hard.csv"));
});
afterAll(() => lake.stop());

/** Every tool that takes a uri. */
const tools = [
  "lake_get_metadata",
  "lake_read_rows",
  "lake_profile_dataset",
  "lake_summarize_text",
  "lake_list_objects",
];

describe("what may not be read", () => {
  test.each([
    "s3://lake/secret/d.csv",
    "s3://lake/secret/",
    "s3://lake/secret/*.csv",
    "s3://lake/open-evil/c.csv",
    "s3://lake/open/../secret/d.csv",
    "s3://lake/open/../secret/*.csv",
  ])("%s is denied by every tool, as a source and in FROM", async (uri) => {
    for (const tool of tools) {
      const { code } = await lake.fault(tool, { uri });
      expect(["denied", "invalid_input"], `${tool}: ${code}`).toContain(code);
    }
    for (const args of [{ sql: `SELECT * FROM '${uri}'` }, { sql: "SELECT * FROM t", sources: { t: uri } }]) {
      expect(await lake.fault("lake_query", args)).toMatchObject({ code: "denied" });
    }
  });

  test("the answer is the same whether a thing is there or not", async () => {
    const there = await lake.fault("lake_read_rows", { uri: "s3://lake/secret/d.csv" });
    const notThere = await lake.fault("lake_read_rows", { uri: "s3://lake/secret/x.csv" });
    expect(there.message.replace("d.csv", "x.csv")).toBe(notThere.message);
    const file = await lake.fault("lake_read_rows", { uri: join(lake.root, "..", "outside", "secret.csv") });
    const noFile = await lake.fault("lake_read_rows", {
      uri: join(lake.root, "..", "outside", "absent.csv"),
    });
    expect(file.message.replace("secret.csv", "absent.csv")).toBe(noFile.message);
  });

  test("links that lead out of a root are no way out", async () => {
    for (const name of ["linked.csv", "folder/secret.csv", "hard.csv"]) {
      expect(await lake.fault("lake_read_rows", { uri: join(lake.root, name) }), name).toMatchObject({
        code: "denied",
      });
    }
  });
});

describe("what may be read", () => {
  test("a prefix, and patterns in it", async () => {
    expect((await lake.output("lake_read_rows", { uri: "s3://lake/open/" })).rows).toEqual([[1], [2]]);
    expect((await lake.output("lake_read_rows", { uri: "s3://lake/open/**/*.csv" })).rows).toEqual([
      [1],
      [2],
    ]);
    expect((await lake.output("lake_read_rows", { uri: "s3://lake/*/a.csv" })).rows).toEqual([[1]]);
  });

  test("a bucket above its allowed prefix shows the way to it and nothing else", async () => {
    expect(await lake.output("lake_list_objects", { uri: "s3://lake/" })).toMatchObject({
      prefixes: ["s3://lake/open/"],
      objects: [],
    });
    expect((await lake.output("lake_read_rows", { uri: "s3://lake/" })).rows).toEqual([[1], [2]]);
  });
});
