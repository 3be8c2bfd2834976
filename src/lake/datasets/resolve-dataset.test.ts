import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../../../test/harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  for (const name of ["a*b", "axb", "[a]", "a", "q?"]) {
    await lake.put(`named/k=${name}/f.csv`, `v\n${name}\n`);
    await lake.write(`named/k=${name}/f.csv`, `v\n${name}\n`);
  }
  await lake.put("named/k=axb/deep/g.csv", "v\ndeep\n");
  await lake.write("named/k=axb/deep/g.csv", "v\ndeep\n");
});
afterAll(() => lake.stop());

/** Values of the files a name stands for, the same on S3 and on local disk. */
async function valuesOf(name: string): Promise<unknown[]> {
  const [onS3, local] = await Promise.all(
    ["s3://lake/", `${lake.root}/`].map(async (place) => {
      const { rows } = await lake.output("lake_read_rows", { uri: `${place}${name}`, columns: ["v"] });
      return rows.map(([value]: [unknown]) => value);
    }),
  );
  expect(local).toEqual(onS3);
  return onS3;
}

test.each([
  ["named/k=a*b/", ["a*b"]],
  ["named/k=[a]/", ["[a]"]],
  ["named/k=q?/", ["q?"]],
  ["named/k=a[*]b/", ["a*b"]],
  ["named/k=[[]a]/", ["[a]"]],
  ["named/k=a?b/", ["a*b", "deep", "axb"]],
  ["named/k=a*b/f.csv", ["a*b"]],
  ["named/k=a?b/*.csv", ["a*b", "axb"]],
  ["nam*/", ["[a]", "a*b", "a", "deep", "axb", "q?"]],
])("%s is the folder so named, else those the pattern matches", async (name, values) => {
  expect(await valuesOf(name)).toEqual(values);
});

test.each(["named/k=z*/", "named/k=[z]/", "none*/"])(
  "%s, which no folder matches, is not found",
  async (name) => {
    for (const place of ["s3://lake/", `${lake.root}/`]) {
      expect(await lake.fault("lake_read_rows", { uri: `${place}${name}` })).toMatchObject({
        code: "not_found",
      });
    }
  },
);

test("a pattern of folders outside what may be read is denied", async () => {
  for (const uri of ["s3://other/a*/", "/etc/a*/"]) {
    expect(await lake.fault("lake_read_rows", { uri })).toMatchObject({ code: "denied" });
  }
});
