import { afterAll, beforeAll, expect, test } from "vitest";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { account } from "../harness/athena-server.ts";
import { AwsFault } from "../harness/aws-json.ts";

let lake: AthenaLake;
beforeAll(async () => {
  lake = await startAthenaLake();
});
afterAll(() => lake.stop());

test("allowed tables are listed, and no others", async () => {
  const { sources, engines } = await lake.output("lake_list_sources");
  const tables = sources.filter(({ kind }: { kind: string }) => kind === "athena");
  expect(engines).toContain("athena");
  expect(tables.map(({ name }: { name: string }) => name)).toEqual([
    "sales.events",
    "sales.notes",
    "sales.orders",
    "sales.view",
  ]);
  expect(tables[0]).toEqual({
    kind: "athena",
    level: "table",
    name: "sales.events",
    uri: "athena://sales.events",
    format: "parquet",
    location: "s3://lake/events/",
    region: "eu-west-1",
  });
});

test("a catalog that cannot be asked is said, and the places are listed still", async () => {
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "GetTables"
      ? new AwsFault("AccessDeniedException", "arn:aws:iam::1:role/x may not")
      : undefined;
  const answer = await lake.output("lake_list_sources");
  lake.athena.behaviour.disturb = () => undefined;
  expect(answer.sources.length).toBeGreaterThan(0);
  expect(answer.notes.join(" ")).toMatch(/cannot be listed: AWS denies/);
});

test("a table is described by its catalog: columns, partition keys, place, format", async () => {
  expect(await lake.output("lake_get_metadata", { uri: "athena://sales.events" })).toMatchObject({
    uri: "athena://sales.events",
    format: "parquet",
    columns: [
      { name: "id", type: "bigint" },
      { name: "kind", type: "string" },
      { name: "year", type: "int" },
    ],
    table: {
      catalog: "AwsDataCatalog",
      partitionColumns: ["year"],
      location: "s3://lake/events/",
      account,
      region: "eu-west-1",
    },
    lastModified: "2026-01-02T03:04:05.000Z",
  });
});

test("a table that is not allowed is denied whether it is there or not", async () => {
  const words = async (uri: string) =>
    (await lake.fault("lake_get_metadata", { uri })).message.replace(uri.slice(9), "…");
  expect(await words("athena://private.salaries")).toBe(await words("athena://private.nothing"));
  expect(await lake.fault("lake_get_metadata", { uri: "athena://private.salaries" })).toMatchObject({
    code: "denied",
  });
  expect(await lake.fault("lake_get_metadata", { uri: "athena://sales.nothing" })).toMatchObject({
    code: "not_found",
  });
});
