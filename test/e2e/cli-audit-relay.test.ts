import * as cloudwatchLogs from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLine } from "../../src/audit/record/record.ts";
import { createPostgresqlSink } from "../../src/audit/relay/postgresql-sink.ts";
import { relayTable } from "../../src/audit/relay/relay-table.ts";
import type { Sink } from "../../src/audit/relay/sink.ts";
import { auditedPath } from "../harness/audit.ts";
import { startAuditTable } from "../harness/audit-table.ts";
import { startAwsJsonServer } from "../harness/aws-json.ts";
import { call } from "../harness/call-path.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { dynamoDbEnvironment } from "../harness/dynamodb-server.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";

let place: Awaited<ReturnType<typeof startAuditTable>>;
let postgres: Postgres;
let user: CliHome;
beforeAll(async () => {
  [place, postgres, user] = await Promise.all([startAuditTable(), startPostgres(), createCliHome()]);
  const audit = place.audit();
  const path = auditedPath(audit, [], { timeoutMs: 60_000 });
  const words = ["one", "a\0b\u2028", "'; DROP TABLE records; --", "x".repeat(5_000)];
  await Promise.all(words.map((word) => call(path, "test_write_word", { word })));
  for (const word of words) await call(path, "test_read_word", { word });
  await audit.close();
}, 60_000);
afterAll(async () => {
  await Promise.all([place.stop(), postgres.remove(), user.remove()]);
});

const relay = (...flags: string[]) =>
  user.sluice(
    [
      ...["audit", "relay", "--json", "--audit.dynamodb.table", place.server.table],
      ...["--audit.dynamodb.endpoint", place.server.endpoint, ...flags],
    ],
    { env: dynamoDbEnvironment },
  );
const toPostgres = () => ["--audit.sinks", "postgresql", "--audit.postgresql.url", postgres.writerUrl];
const rowsOf = () =>
  postgres.query<{ line: string }>(
    "SELECT record::text AS line FROM sluice_audit.records ORDER BY chain, sequence",
  );

test("a table's records come to PostgreSQL, however often they are sent each once, with their very lines", async () => {
  const early = await relay(...toPostgres());
  expect(early.code).toBe(1);
  expect(early.stdout).toContain("sluice audit migrate");
  const owner = [
    "--audit.postgresql.ownerUrl",
    postgres.ownerUrl,
    "--audit.dynamodb.table",
    place.server.table,
  ];
  const migrated = await user.sluice(["audit", "migrate", ...toPostgres(), ...owner]);
  expect(migrated).toMatchObject({ code: 0, stderr: expect.stringContaining("is set up") });
  for (let run = 0; run < 2; run++) {
    const { code, stdout } = await relay(...toPostgres());
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      code: 0,
      sinks: [{ sink: "postgresql", records: 12 }],
      bad: 0,
    });
  }
  const lines = (await rowsOf()).map(({ line }) => line);
  expect(lines.toSorted()).toEqual((await place.rows()).map(({ line }) => line).toSorted());
  const none = await relay(...toPostgres(), "--until", "2020-01-01");
  expect(JSON.parse(none.stdout)).toMatchObject({ sinks: [{ records: 0 }] });
  const other = await relay(...toPostgres(), "--tenant", "acme");
  expect(JSON.parse(other.stdout)).toMatchObject({ sinks: [{ records: 0 }] });
}, 60_000);

test("each chain is a stream of its own in CloudWatch Logs, in its order", async () => {
  const streams = new Map<string, string[]>();
  const server = await startAwsJsonServer({
    services: { Logs_20140328: { ...cloudwatchLogs } },
    disturb: () => undefined,
    handle: async ({ operation, input }) => {
      const known = streams.get(input.logStreamName) ?? [];
      streams.set(input.logStreamName, known);
      if (operation === "PutLogEvents")
        known.push(...input.logEvents.map(({ message }: { message: string }) => message));
      return {};
    },
  });
  const flags = ["--audit.cloudwatch.logGroup", "/audit", "--audit.cloudwatch.endpoint", server.endpoint];
  const { code } = await relay(
    "--audit.sinks",
    "cloudwatch",
    "--audit.cloudwatch.region",
    "eu-west-1",
    ...flags,
  );
  await server.stop();
  expect(code).toBe(0);
  for (const [chain, lines] of streams) {
    const records = lines.map((line) => readLine(line));
    expect(records.every((record) => record?.chain === chain)).toBe(true);
    expect(records.map((record) => record?.sequence)).toEqual(records.map((_, index) => index + 1));
  }
  expect([...streams.values()].flat()).toHaveLength(12);
});

test("a sink that fails gets no more, the other gets all, and what is no record is counted", async () => {
  const sent: number[] = [];
  const good: Sink = {
    name: "good",
    takesAll: true,
    send: async (records) => void sent.push(...records.map(({ record }) => record.sequence)),
    close: async () => {},
  };
  const gone = createPostgresqlSink({ url: "postgresql://a:b@127.0.0.1:1/x", schema: "sluice_audit" });
  async function* rows() {
    for (const row of await place.rows()) yield row;
    yield { tenantId: "default", item: "audit/x", line: "no record" };
  }
  const { sinks, bad } = await relayTable(rows(), [gone, good]);
  await gone.close();
  expect(bad).toBe(1);
  expect(sent).toHaveLength(12);
  expect(sinks).toEqual([
    { sink: "postgresql", records: 0, error: expect.any(Error) },
    { sink: "good", records: 12 },
  ]);
});

test("there is nothing to relay without such a sink, and a journal's servers relay it themselves", async () => {
  expect(await relay()).toMatchObject({ code: 2, stderr: expect.stringContaining("names neither") });
  expect(await relay("--audit.sinks", "stdout")).toMatchObject({ code: 2 });
  const journal = await user.sluice(["audit", "relay", "--audit.journalDir", "j"]);
  expect(journal).toMatchObject({ code: 2, stderr: expect.stringContaining("relay a journal themselves") });
});
