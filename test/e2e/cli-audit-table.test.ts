import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { genesis, sealRecord } from "../../src/audit/record/record.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { type DynamoDbServer, dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";

let user: CliHome;
let server: DynamoDbServer;
beforeAll(async () => {
  [user, server] = await Promise.all([createCliHome(), startDynamoDb("sluice-audit")]);
  await writeFile(join(user.cwd, "a.txt"), "one. two. three.");
  await writeFile(
    join(user.cwd, "sluice.yaml"),
    `lake: { localRoots: [.] }\naudit: { dynamodb: { table: sluice-audit, endpoint: "${server.endpoint}" } }\n`,
  );
  await sluice("call", "lake_list_objects", `uri=${user.cwd}/`);
  await sluice("call", "lake_read_rows", "uri=nowhere.csv");
}, 60_000);
afterAll(async () => {
  await user.remove();
  await server.stop();
});
const sluice = (...args: string[]) => user.sluice(args, { env: dynamoDbEnvironment });

test("calls are on record in the table, and their chains hold", async () => {
  const { Items = [] } = await server.client.send(new ScanCommand({ TableName: server.table }));
  expect(Items.map(({ tenant_id }) => tenant_id?.S)).toEqual(["default", "default"]);
  const verified = await sluice("audit", "verify", "--json");
  expect(verified).toMatchObject({
    code: 0,
    stderr:
      "What is there of the table holds. Its end cannot be checked without an anchor: set audit.anchor.\n",
  });
  expect(JSON.parse(verified.stdout)).toMatchObject({
    whole: false,
    endsChecked: false,
    chains: [
      { firstSequence: 1, lastSequence: 1 },
      { firstSequence: 1, lastSequence: 1 },
    ],
  });
});

test("tail and export print them", async () => {
  const tail = await sluice("audit", "tail", "--tenant", "default", "--lines", "1");
  expect(tail.stdout).toMatch(/ outcome lake_read_rows read \w+ local@default [\w-]+ \d+ ms/);
  expect(await sluice("audit", "tail")).toMatchObject({ code: 2, stdout: "" });
  const { stdout } = await sluice("audit", "export", "--since", "1h");
  expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  expect(await sluice("audit", "export", "--until", "2020-01-01")).toMatchObject({ code: 0, stdout: "" });
});

test("unfinished names writes that their process did not survive", async () => {
  expect(await sluice("audit", "unfinished")).toMatchObject({ code: 0, stdout: "" });
  const put = (chain: string, time: string) => {
    const about = {
      call: chain,
      tool: "lake_export_query",
      effect: "write",
      principal: "ann",
      tenant: "acme",
    };
    const { line } = sealRecord(chain, { kind: "intent", time, ...about, chainSince: time }, genesis);
    const item = `audit/${time}/${chain}/0000000000000001`;
    return server.client.send(
      new PutItemCommand({
        TableName: server.table,
        Item: { tenant_id: { S: "acme" }, item: { S: item }, line: { S: line } },
      }),
    );
  };
  await put("young", new Date().toISOString());
  const young = await sluice("audit", "unfinished");
  expect(young).toMatchObject({ code: 0, stdout: expect.stringContaining("(may still run)") });
  await put("old", new Date(Date.now() - 86_400_000).toISOString());
  const { code, stdout } = await sluice("audit", "unfinished", "--json", "--tenant", "acme");
  expect(code).toBe(1);
  const found = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(found).toMatchObject([
    { call: "old", principal: "ann", mayStillRun: false },
    { call: "young", mayStillRun: true },
  ]);
});

test("doctor asks the table, and says how to mend one that is not there", async () => {
  const well = await sluice("doctor");
  expect(well.stdout).toMatch(/audit table.*sluice-audit answers/);
  const missing = await sluice("doctor", "--audit.dynamodb.table", "no-such-table");
  expect(missing.code).toBe(1);
  expect(missing.stdout).toContain("dynamodb:PutItem");
});
