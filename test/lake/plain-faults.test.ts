import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;
beforeAll(async () => {
  lake = await startTestLake();
}, 60_000);
afterAll(() => lake?.stop());

test("a name that is nowhere is told as it was given", async () => {
  const path = `${lake.root}/nope.csv`;
  for (const uri of [path, "s3://lake/nope.csv", "s3://lake/y"]) {
    const { message } = await lake.fault("lake_query", { sql: `FROM '${uri}'` });
    expect(message).toContain(`"${uri}"`);
    expect(message).not.toContain(`${uri}/`);
  }
});

test("a file of a folder that cannot be read is named", async () => {
  await lake.put("mixed/a.csv", "a,b\n1,2\n");
  await lake.put("mixed/b.csv.gz", Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  for (const uri of ["s3://lake/mixed/", "s3://lake/mixed/*"]) {
    const { message } = await lake.fault("lake_read_rows", { uri });
    expect(message).toContain("s3://lake/mixed/b.csv.gz");
  }
});

test("an object of the class S3 begins with says so", async () => {
  const uri = await lake.put("class.csv", "a\n1\n");
  expect(await lake.output("lake_get_metadata", { uri })).toMatchObject({
    object: { storageClass: "STANDARD" },
  });
});
