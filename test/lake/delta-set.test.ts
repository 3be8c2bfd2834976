import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deltaSet } from "../harness/delta-set.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { putFolder } from "../harness/put-folder.ts";

const folder = join(import.meta.dirname, "../fixtures/delta");
const readable = deltaSet.filter((table) => "rows" in table);
const refused = deltaSet.filter((table) => "feature" in table);

describe.each(["local disk", "S3"])("The committed Delta tables on %s", (place) => {
  let lake: TestLake;
  const uriOf = (name: string) => (place === "S3" ? `s3://lake/${name}/` : `${join(folder, name)}/`);

  beforeAll(async () => {
    lake = await startTestLake({ settings: { localRoots: [{ name: "set", path: folder }] } });
    if (place === "S3") await putFolder(lake, folder);
  });
  afterAll(() => lake.stop());

  test.each(readable)("$name has its rows", async ({ name, rows, columns = { id: "BIGINT" } }) => {
    for (const [version, expected] of Object.entries(rows)) {
      const moment = version === "latest" ? {} : { version: Number(version) };
      const sources = { t: { uri: uriOf(name), ...moment } };
      const output = await lake.output("lake_query", { sql: "SELECT * FROM t ORDER BY 1", sources });
      expect(output.rows).toEqual(expected);
      expect(output.columns).toEqual(Object.entries(columns).map(([name, type]) => ({ name, type })));
    }
  });

  const shortened = readable.filter(({ gone }) => gone !== undefined);
  test.each(shortened)("$name says which versions are there still", async ({ name }) => {
    const { code, message } = await lake.fault("lake_read_rows", { uri: uriOf(name), version: 0 });
    expect(code).toBe("not_found");
    expect(message).toMatch(/\b1\b.*\b2\b/);
  });

  test.each(refused)("$name is refused by the feature's name", async ({ name, feature }) => {
    const result = await lake.call("lake_read_rows", { uri: uriOf(name) });
    expect(result).toMatchObject({ kind: "failed", fault: { code: "unsupported", details: { feature } } });
  });
});

test("the set has no other tables", async () => {
  expect((await readdir(folder)).sort()).toEqual(deltaSet.map(({ name }) => name).sort());
});
