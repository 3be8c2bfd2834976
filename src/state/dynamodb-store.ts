import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDbSdk } from "../aws/open-dynamodb.ts";
import { sentOnce } from "../aws/sent-once.ts";
import type { ServiceTarget } from "../core/service-guard.ts";
import { checkItem } from "./bounds.ts";
import { openStateTable } from "./dynamodb-client.ts";
import { judgeDynamoDb } from "./dynamodb-faults.ts";
import { attributesOf, expiryOf, keyOf, liveRow, numberOf, type Row } from "./dynamodb-rows.ts";
import type { DynamoDbSettings } from "./settings.ts";
import type { Counted, PutOptions, PutResult, RemoteStore, StateItem, StateKey } from "./store.ts";
import { answered, contended } from "./unavailable.ts";

/** For a request with all its attempts. */
const allMs = 5_000;

/** How often a change starts over when others change the same item at the same moment. */
const maxRounds = 20;

const names = { "#count": "count", "#value": "value" };
const isFree = "attribute_not_exists(tenant_id) OR expires_ms <= :now";

interface Opened {
  sdk: DynamoDbSdk;
  client: DynamoDBClient;
}

/**
 * A store in one DynamoDB table: partition key `tenant_id`, sort key `item`, both text. Every change is one
 * conditional write, every read is consistent, and what counts is sent once. Source: DynamoDB developer guide, "Condition expressions".
 */
export class DynamoDbStore implements RemoteStore {
  readonly kind = "dynamodb";
  readonly isShared = true;
  readonly judge = judgeDynamoDb;
  readonly #settings: DynamoDbSettings;
  readonly #now: () => number;
  #opened: Promise<Opened> | undefined;

  /** `now` in milliseconds since the epoch. Connects with the first request. */
  constructor(settings: DynamoDbSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  async increment(
    key: StateKey,
    { most, expiresAtMs }: { most: number; expiresAtMs: number },
  ): Promise<Counted> {
    if (most < 1) return { isAccepted: false, count: 0 };
    for (let round = 0; round < maxRounds; round++) {
      const count = await this.#add(key, 1, {
        condition: "#count < :bound AND expires_ms > :now",
        bound: most,
        expiresAtMs,
      });
      if (count !== undefined) return { isAccepted: true, count };
      const held = await this.#read(key);
      if (held && "count" in held && held.count >= most) return { isAccepted: false, count: held.count };
      if (held) continue;
      if (await this.#put(key, { count: 1, expiresMs: expiresAtMs }, { condition: isFree, once: true }))
        return { isAccepted: true, count: 1 };
    }
    throw contended(this.kind);
  }

  async decrement(key: StateKey): Promise<void> {
    await this.#add(key, -1, { condition: "#count > :bound AND expires_ms > :now", bound: 0 });
  }

  async get(key: StateKey): Promise<string | undefined> {
    const held = await this.#read(key);
    return held && "value" in held ? held.value : undefined;
  }

  async putIf(
    key: StateKey,
    item: StateItem,
    expected: string | undefined,
    { once = false }: PutOptions = {},
  ): Promise<PutResult> {
    checkItem(item);
    const row = { value: item.value, expiresMs: item.expiresAtMs };
    const condition = expected === undefined ? isFree : "#value = :expected AND expires_ms > :now";
    for (let round = 0; round < maxRounds; round++) {
      if (await this.#put(key, row, { condition, expected, once })) return { isDone: true };
      const current = await this.get(key);
      if (current !== expected) return { isDone: false, ...(current !== undefined && { current }) };
    }
    throw contended(this.kind);
  }

  async delete(key: StateKey): Promise<void> {
    const input = { TableName: this.#settings.table, Key: keyOf(key) };
    await this.#send(({ sdk, client, abortSignal }) =>
      client.send(new sdk.DeleteItemCommand(input), { abortSignal }),
    );
  }

  async check(): Promise<void> {
    await this.#read({ tenantId: "default", name: "check" });
  }

  target(): Promise<ServiceTarget> {
    return answered(this.kind, async () => {
      const { client } = await this.#open();
      return { service: this.kind, region: await client.config.region() };
    });
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    opened?.client.destroy();
  }

  /** The count after it, or nothing where the condition did not hold. */
  async #add(
    key: StateKey,
    by: number,
    { condition, bound, expiresAtMs }: { condition: string; bound: number; expiresAtMs?: number },
  ): Promise<number | undefined> {
    const sets = expiresAtMs === undefined ? "" : " SET expires_ms = :expires_ms, expires_at = :expires_at";
    const expiry = expiresAtMs === undefined ? {} : prefixed(expiryOf(expiresAtMs));
    const input = {
      TableName: this.#settings.table,
      Key: keyOf(key),
      UpdateExpression: `ADD #count :by${sets}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: { "#count": names["#count"] },
      ExpressionAttributeValues: {
        ":by": numberOf(by),
        ":bound": numberOf(bound),
        ":now": numberOf(this.#now()),
        ...expiry,
      },
      ReturnValues: "UPDATED_NEW" as const,
    };
    const answer = await this.#send(({ sdk, client, abortSignal }) =>
      whereItHolds(sdk, client.send(sentOnce(new sdk.UpdateItemCommand(input)), { abortSignal })),
    );
    return answer && Number(answer.Attributes?.count?.N);
  }

  async #put(
    key: StateKey,
    row: Row,
    { condition, expected, once }: { condition: string; expected?: string | undefined; once: boolean },
  ): Promise<boolean> {
    const input = {
      TableName: this.#settings.table,
      Item: { ...keyOf(key), ...attributesOf(row) },
      ConditionExpression: condition,
      ...(expected !== undefined && { ExpressionAttributeNames: { "#value": names["#value"] } }),
      ExpressionAttributeValues: {
        ":now": numberOf(this.#now()),
        ...(expected !== undefined && { ":expected": { S: expected } }),
      },
    };
    const answer = await this.#send(({ sdk, client, abortSignal }) => {
      const command = new sdk.PutItemCommand(input);
      return whereItHolds(sdk, client.send(once ? sentOnce(command) : command, { abortSignal }));
    });
    return answer !== undefined;
  }

  async #read(key: StateKey): Promise<Row | undefined> {
    const input = { TableName: this.#settings.table, Key: keyOf(key), ConsistentRead: true };
    const { Item } = await this.#send(({ sdk, client, abortSignal }) =>
      client.send(new sdk.GetItemCommand(input), { abortSignal }),
    );
    return liveRow(Item, this.#now());
  }

  #send<T>(request: (open: Opened & { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    return answered(this.kind, async () => {
      const abortSignal = AbortSignal.timeout(allMs);
      // Credentials are asked for outside the SDK's reach of the signal.
      return within(abortSignal, request({ ...(await this.#open()), abortSignal }));
    });
  }

  #open(): Promise<Opened> {
    this.#opened ??= openStateTable(this.#settings, this.#now);
    return this.#opened;
  }
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, late]);
}

/** `undefined` where the write's condition did not hold. */
async function whereItHolds<T>(sdk: DynamoDbSdk, write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (thrown) {
    if (thrown instanceof sdk.ConditionalCheckFailedException) return undefined;
    throw thrown;
  }
}

function prefixed(attributes: Record<string, AttributeValue>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value]));
}
