import { utimes } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definition, deltaTablesOf } from "../harness/delta-table.ts";
import { startTestLake } from "../harness/lake.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, onDisk, rowsOf } = deltaTablesOf(lake);

const idField = { name: "id", type: "long" };

describe("An earlier state", () => {
  beforeAll(async () => {
    const table = onDisk("travel");
    const days = ["2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z", "2024-03-03T00:00:00Z"];
    for (const [at, day] of days.entries()) {
      const file = await table.file(`${at}.parquet`, `SELECT ${at}::BIGINT AS id`);
      const name = at === 0 ? await table.create({ fields: [idField] }, [file]) : await table.commit([file]);
      await utimes(`${lake.root}/travel/${name}`, new Date(day), new Date(day));
    }
  });
  const uri = () => `${lake.root}/travel/`;

  test("is found by version and by time", async () => {
    const count = async (moment: Record<string, unknown>) =>
      (await rowsOf("SELECT count(*) FROM t", uri(), moment))[0][0];
    expect(await count({ version: 1 })).toBe(2);
    expect(await count({ timestamp: "2024-03-01T12:00:00Z" })).toBe(1);
    expect(await count({ timestamp: "2024-03-02" })).toBe(2);
    expect(await count({ timestamp: "2024-03-03 01:00:00+01:00" })).toBe(3);
    const profile = await lake.output("lake_profile_dataset", { uri: uri(), version: 0 });
    expect(profile.rowCount).toBe(1);
    const metadata = await lake.output("lake_get_metadata", { uri: uri(), version: 1 });
    expect(metadata).toMatchObject({
      fileCount: 2,
      rows: { count: 2 },
      delta: { version: 1, timestamp: "2024-03-02T00:00:00.000Z" },
    });
  });

  test.each([
    [{ version: 3 }, "not_found", "versions 0 to 2"],
    [
      { timestamp: "2024-02-29T23:59:59Z" },
      "not_found",
      "2024-03-01T00:00:00.000Z to 2024-03-03T00:00:00.000Z",
    ],
    [{ timestamp: "2024-03-04T00:00:00Z" }, "not_found", "2024-03-03"],
    [{ timestamp: "yesterday" }, "invalid_input", "2026-01-31T12:00:00Z"],
    [{ timestamp: "2024-03-02", version: 1 }, "invalid_input", "both"],
  ])("that is not there is refused with what is: %j", async (moment, code, words) => {
    const fault = await lake.fault("lake_read_rows", { uri: uri(), ...moment });
    expect(fault.code).toBe(code);
    expect(fault.message).toContain(words);
  });

  test("is there of Delta tables alone", async () => {
    const csv = await lake.put("plain.csv", "a\n1\n");
    for (const moment of [{ version: 0 }, { timestamp: "2024-03-02" }]) {
      const fault = await lake.fault("lake_read_rows", { uri: csv, ...moment });
      expect(fault).toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining("not a Delta table"),
      });
    }
  });

  test("by the time a commit carries, where the table has it so", async () => {
    const table = onS3("in-commit");
    const configuration = { "delta.enableInCommitTimestamps": "true" };
    const info = (day: string) => ({
      commitInfo: { inCommitTimestamp: Date.parse(day), operation: "WRITE" },
    });
    await table.commit([
      info("2020-01-01"),
      ...definition({ fields: [idField], configuration }),
      await table.file("a.parquet", "SELECT 1::BIGINT AS id"),
    ]);
    await table.commit([info("2020-02-01"), await table.file("b.parquet", "SELECT 2::BIGINT AS id")]);
    expect(await rowsOf("SELECT id FROM t", "in-commit", { timestamp: "2020-01-15" })).toEqual([[1]]);
    const { delta } = await lake.output("lake_get_metadata", { uri: "s3://lake/in-commit/" });
    expect(delta.history.map(({ timestamp }: { timestamp: string }) => timestamp)).toEqual([
      "2020-02-01T00:00:00.000Z",
      "2020-01-01T00:00:00.000Z",
    ]);
  });
});

test("a commit whose own time is no moment is as old as its file", async () => {
  const table = onDisk("no-moment");
  const configuration = { "delta.enableInCommitTimestamps": "true" };
  const [day, uri] = ["2024-03-01T00:00:00.000Z", `${lake.root}/no-moment/`];
  const name = await table.commit([
    { commitInfo: { inCommitTimestamp: 9e15 } },
    ...definition({ fields: [idField], configuration }),
  ]);
  await utimes(`${lake.root}/no-moment/${name}`, new Date(day), new Date(day));
  const { delta } = await lake.output("lake_get_metadata", { uri });
  expect(delta.history).toMatchObject([{ version: 0, timestamp: day }]);
  expect(await lake.fault("lake_read_rows", { uri, timestamp: "2020-01-01" })).toMatchObject({
    code: "not_found",
  });
});

test("lake_get_metadata tells what the log says", async () => {
  const table = onS3("described");
  const fields = [idField, { name: "day", type: "date" }];
  const settings = {
    fields,
    partitionColumns: ["day"],
    configuration: { "delta.appendOnly": "true" },
    readerFeatures: ["deletionVectors"],
  };
  await table.create(settings, [
    await table.file("a.parquet", "SELECT range AS id FROM range(4)", {
      partitionValues: { day: "2024-01-01" },
      stats: '{"numRecords":4}',
    }),
  ]);
  const commitInfo = {
    operation: "WRITE",
    operationParameters: { mode: "Append" },
    operationMetrics: { numOutputRows: "2" },
    userName: "ann",
    engineInfo: "Some/1.0",
  };
  await table.commit([
    { commitInfo },
    await table.file("b.parquet", "SELECT range AS id FROM range(2)", {
      partitionValues: { day: "2024-01-02" },
    }),
  ]);
  const output = await lake.output("lake_get_metadata", { uri: "s3://lake/described/" });
  expect(output).toMatchObject({
    format: "delta",
    fileCount: 2,
    rows: { count: 6, exactness: "exact" },
    columns: [
      { name: "id", type: "BIGINT" },
      { name: "day", type: "DATE" },
    ],
    partitions: [{ name: "day", type: "DATE", values: 2, sample: ["2024-01-01", "2024-01-02"] }],
    delta: {
      version: 1,
      minReaderVersion: 3,
      features: ["deletionVectors"],
      partitionColumns: ["day"],
      properties: { "delta.appendOnly": "true" },
      history: [
        {
          version: 1,
          operation: "WRITE",
          parameters: { mode: "Append" },
          metrics: { numOutputRows: "2" },
          user: "ann",
          engine: "Some/1.0",
        },
        { version: 0, operation: "CREATE TABLE" },
      ],
    },
  });
});
