import * as dynamodb from "@aws-sdk/client-dynamodb";
import { CreateTableCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { AwsFault, startAwsJsonServer } from "../../../test/harness/aws-json.ts";
import {
  type DynamoDbServer,
  dynamoDbEnvironment,
  startDynamoDb,
} from "../../../test/harness/dynamodb-server.ts";
import { DynamoDbStore } from "../../state/dynamodb-store.ts";
import { MemoryStore } from "../../state/memory-store.ts";
import { RedisStore } from "../../state/redis-store.ts";
import { checkState } from "./state.ts";

let server: DynamoDbServer;
beforeAll(async () => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  server = await startDynamoDb();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

async function checked(table: string, endpoint = server.endpoint) {
  const store = new DynamoDbStore({ table, endpoint }, Date.now);
  const checks = await checkState(store, { store: "dynamodb", dynamodb: { table, endpoint } });
  await store.close();
  return checks;
}

test("a store of this process needs no look, and a shared one out of reach is said so with its reason", async () => {
  expect(await checkState(new MemoryStore({ now: Date.now }), { store: "memory" })).toEqual([]);
  const redis = { url: "redis://127.0.0.1:1" };
  const nowhere = new RedisStore(redis);
  const [check] = await checkState(nowhere, { store: "redis", redis });
  await nowhere.close();
  expect(check).toMatchObject({
    name: "state in redis",
    status: "failed",
    mend: expect.stringContaining("state.redis.url"),
  });
});

test("a table that servers can use is tried, and nothing of it stays", async () => {
  const checks = await checked(server.table);
  expect(checks).toMatchObject([
    // The server of these tests knows no TTL, which is what a table without it looks like.
    {
      name: "table sluice-state",
      status: "warning",
      mend: expect.stringContaining("AttributeName=expires_at"),
    },
    { name: "state in dynamodb", status: "ok" },
  ]);
  const { Items } = await server.client.send(new ScanCommand({ TableName: server.table }));
  expect(Items).toEqual([]);
});

test("a table that is not there, and one with another key, are said so", async () => {
  expect(await checked("missing-table")).toMatchObject([
    { status: "failed", message: "does not exist", mend: expect.stringContaining("state.dynamodb.table") },
  ]);
  await server.client.send(
    new CreateTableCommand({
      TableName: "other-key",
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    }),
  );
  expect(await checked("other-key")).toMatchObject([
    { status: "failed", message: "its key is id HASH S, and must be tenant_id HASH S, item RANGE S" },
  ]);
});

/** DynamoDB as it answers whoever may do only what is named. */
async function allowing(operations: string[], ttl = "expires_at") {
  const items = new Map<string, unknown>();
  const table = {
    TableStatus: "ACTIVE",
    KeySchema: [
      { AttributeName: "tenant_id", KeyType: "HASH" },
      { AttributeName: "item", KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: "tenant_id", AttributeType: "S" },
      { AttributeName: "item", AttributeType: "S" },
    ],
  };
  return startAwsJsonServer({
    services: { DynamoDB_20120810: { ...dynamodb } },
    disturb: ({ operation }) =>
      operations.includes(operation) ? undefined : new AwsFault("AccessDeniedException", `not ${operation}`),
    handle: async ({ operation, input }) => {
      const key = input.Key?.item?.S ?? input.Item?.item?.S;
      if (operation === "DescribeTable") return { Table: table };
      if (operation === "DescribeTimeToLive")
        return { TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: ttl } };
      if (operation === "PutItem") items.set(key, input.Item);
      if (operation === "GetItem") return { Item: items.get(key) };
      if (operation === "UpdateItem" && !items.has(key))
        throw new AwsFault("ConditionalCheckFailedException", "no such item");
      if (operation === "UpdateItem") return { Attributes: { count: { N: "2" } } };
      return {};
    },
  });
}

const describing = ["DescribeTable", "DescribeTimeToLive"];

test.each([
  ["PutItem", "dynamodb:PutItem"],
  ["GetItem", "dynamodb:GetItem"],
  ["UpdateItem", "dynamodb:UpdateItem"],
  ["DeleteItem", "dynamodb:DeleteItem"],
])("who may do all but %s is told to be granted %s", async (missing, action) => {
  const all = [...describing, "PutItem", "GetItem", "UpdateItem", "DeleteItem"];
  const fake = await allowing(all.filter((operation) => operation !== missing));
  const [table, items] = await checked("t-1", fake.endpoint);
  await fake.stop();
  expect(table).toMatchObject({ status: "ok" });
  expect(items).toMatchObject({ status: "failed", mend: `Grant ${action} on the table.` });
});

test("a table that may not be looked at is tried all the same; a TTL by another attribute is said", async () => {
  const blind = await allowing(["PutItem"]);
  expect(await checked("t-1", blind.endpoint)).toMatchObject([
    { status: "warning", mend: expect.stringContaining("dynamodb:DescribeTable") },
    { status: "failed", message: expect.stringContaining("does not get an item") },
  ]);
  await blind.stop();
  const other = await allowing(describing, "ends_at");
  expect((await checked("t-1", other.endpoint))[0]).toMatchObject({
    status: "warning",
    message: expect.stringContaining("goes by ends_at, not by expires_at"),
  });
  await other.stop();
});
