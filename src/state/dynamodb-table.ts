import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openStateTable } from "./dynamodb-client.ts";
import type { DynamoDbSettings } from "./settings.ts";

/** What a table is like, of what the store needs. */
export interface TableFacts {
  /** What keeps the store from working, in words. */
  wrong: string[];
  /** What will bite later. */
  lacking: string[];
}

const wantedKey = "tenant_id HASH S, item RANGE S";

/** Looks at the table without its items. Throws what DynamoDB answers, `ResourceNotFoundException` for no such table. */
export async function describeTable(settings: DynamoDbSettings): Promise<TableFacts> {
  const { sdk, client } = await openStateTable(settings);
  const TableName = settings.table;
  try {
    const { Table } = await client.send(new sdk.DescribeTableCommand({ TableName }));
    const types = new Map(Table?.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]));
    const key = (Table?.KeySchema ?? [])
      .map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType} ${types.get(AttributeName)}`)
      .join(", ");
    const wrong = key === wantedKey ? [] : [`its key is ${key}, and must be ${wantedKey}`];
    if (Table?.TableStatus && !["ACTIVE", "UPDATING"].includes(Table.TableStatus))
      wrong.push(`it is ${Table.TableStatus}`);
    return { wrong, lacking: wrong.length > 0 ? [] : await lackingTtl(sdk, client, TableName) };
  } finally {
    client.destroy();
  }
}

async function lackingTtl(
  sdk: typeof import("@aws-sdk/client-dynamodb"),
  client: DynamoDBClient,
  TableName: string,
): Promise<string[]> {
  const asked = client.send(new sdk.DescribeTimeToLiveCommand({ TableName }));
  const { TimeToLiveDescription } = await asked.catch((thrown: unknown) => {
    // Of servers that only speak the protocol.
    if (thrown instanceof Error && thrown.name === "UnknownOperationException")
      return { TimeToLiveDescription: undefined };
    throw thrown;
  });
  const { TimeToLiveStatus: status, AttributeName: attribute } = TimeToLiveDescription ?? {};
  if (status !== "ENABLED" && status !== "ENABLING") return ["its time to live is off"];
  return attribute === "expires_at" ? [] : [`its time to live goes by ${attribute}, not by expires_at`];
}
