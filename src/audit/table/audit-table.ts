import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type DynamoDbSdk, openDynamoDb } from "../../aws/open-dynamodb.ts";
import type { TableSettings } from "../settings.ts";

/** A record as the table has it. */
export interface TableRow {
  tenantId: string;
  /** `audit/<time>/<chain>/<number>`: a tenant's records lie in the order of their times. */
  item: string;
  line: string;
}

export interface TableFilter {
  /** Left out, of all tenants: the whole table is read. */
  tenant?: string | undefined;
  /** From this moment on, and before that one. Milliseconds since the epoch. */
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
}

/** Where records lie in DynamoDB. Every method throws what the AWS SDK throws. */
export interface AuditTable {
  /** For people. */
  readonly name: string;
  /**
   * Puts a row where there is none; `done` also where this very row is there: the answer to an earlier attempt was lost.
   * `taken`: another one is.
   */
  put(row: TableRow, expiresAtMs: number): Promise<"done" | "taken">;
  /** Rows by tenant, each tenant's by time. */
  read(filter: TableFilter): AsyncGenerator<TableRow>;
  /** The last rows of a tenant, latest last. */
  last(tenant: string, count: number): Promise<TableRow[]>;
  /** Throws where the table cannot be asked. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export const itemPrefix = "audit/";
/** Of what is of no tenant. */
export const processPartition = "sluice:process";

/** Milliseconds; `allMs` is for a request with all its attempts. */
const timeouts = { connectMs: 1_000, answerMs: 2_000, allMs: 5_000 };

/**
 * A table with partition key `tenant_id` and sort key `item`, both text. Every write is one put of what is not there, every
 * read is consistent. Connects with the first request.
 */
export function createAuditTable(settings: TableSettings): AuditTable {
  const { table: TableName } = settings;
  let opened: Promise<Opened> | undefined;
  const open = () => {
    const { region, endpoint } = settings;
    opened ??= openDynamoDb({ region, endpoint, timeouts });
    return opened;
  };
  return {
    name: TableName,
    put: async (row, expiresAtMs) => putOnce(await open(), { TableName, row, expiresAtMs }),
    async *read(filter) {
      const { sdk, client } = await open();
      let from: Record<string, AttributeValue> | undefined;
      do {
        const page = { ...pageOf(TableName, filter), ...(from && { ExclusiveStartKey: from }) };
        const { Items = [], LastEvaluatedKey } =
          filter.tenant === undefined
            ? await client.send(new sdk.ScanCommand(page), limit())
            : await client.send(new sdk.QueryCommand(page), limit());
        for (const one of Items) yield rowOf(one);
        from = LastEvaluatedKey;
      } while (from);
    },
    async last(tenant, count) {
      const { sdk, client } = await open();
      const page = { ...pageOf(TableName, { tenant }), ScanIndexForward: false, Limit: count };
      const { Items = [] } = await client.send(new sdk.QueryCommand(page), limit());
      return Items.map(rowOf).reverse();
    },
    async check() {
      const { sdk, client } = await open();
      const Key = keyOf({ tenantId: processPartition, item: `${itemPrefix}check` });
      await client.send(new sdk.GetItemCommand({ TableName, Key }), limit());
    },
    async close() {
      (await opened?.catch(() => undefined))?.client.destroy();
    },
  };
}

interface Opened {
  sdk: DynamoDbSdk;
  client: DynamoDBClient;
}

/** For one request with all its attempts. */
function limit() {
  return { abortSignal: AbortSignal.timeout(timeouts.allMs) };
}

async function putOnce(
  { sdk, client }: Opened,
  { TableName, row, expiresAtMs }: { TableName: string; row: TableRow; expiresAtMs: number },
): Promise<"done" | "taken"> {
  const expiresAt = { N: String(Math.ceil(expiresAtMs / 1000)) };
  const put = new sdk.PutItemCommand({
    TableName,
    Item: { ...keyOf(row), line: { S: row.line }, expires_at: expiresAt },
    ConditionExpression: "attribute_not_exists(tenant_id)",
  });
  try {
    await client.send(put, limit());
    return "done";
  } catch (thrown) {
    if (!(thrown instanceof sdk.ConditionalCheckFailedException)) throw thrown;
    const ask = new sdk.GetItemCommand({ TableName, Key: keyOf(row), ConsistentRead: true });
    const { Item } = await client.send(ask, limit());
    return Item?.line?.S === row.line ? "done" : "taken";
  }
}

function keyOf({ tenantId, item }: Pick<TableRow, "tenantId" | "item">): Record<string, AttributeValue> {
  return { tenant_id: { S: tenantId }, item: { S: item } };
}

function rowOf({ tenant_id, item, line }: Record<string, AttributeValue>): TableRow {
  return { tenantId: tenant_id?.S ?? "", item: item?.S ?? "", line: line?.S ?? "" };
}

/** A table may hold other things too: their items do not begin as records do. */
function pageOf(TableName: string, { tenant, sinceMs, untilMs }: TableFilter) {
  const at = (ms: number) => itemPrefix + new Date(ms).toISOString();
  const values = {
    ":from": { S: sinceMs === undefined ? itemPrefix : at(sinceMs) },
    // The character after the slash: behind all records.
    ":to": { S: untilMs === undefined ? "audit0" : at(untilMs) },
  };
  const page = { TableName, ConsistentRead: true, ExpressionAttributeNames: { "#item": "item" } };
  const isInTime = "#item BETWEEN :from AND :to";
  if (tenant === undefined) return { ...page, FilterExpression: isInTime, ExpressionAttributeValues: values };
  return {
    ...page,
    KeyConditionExpression: `tenant_id = :tenant AND ${isInTime}`,
    ExpressionAttributeValues: { ...values, ":tenant": { S: tenant } },
  };
}
