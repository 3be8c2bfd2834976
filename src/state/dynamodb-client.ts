import { openDynamoDb } from "../aws/open-dynamodb.ts";
import type { DynamoDbSettings } from "./settings.ts";

/** Milliseconds. */
const timeouts = { connectMs: 1_000, answerMs: 2_000 };
/** Every request to this server may need the store at once. */
const maxConnections = 128;

/** A client, and the SDK it is of. Close it with `destroy`. `now` in milliseconds since the epoch. */
export function openStateTable({ region, endpoint }: DynamoDbSettings, now: () => number = Date.now) {
  return openDynamoDb({ region, endpoint, timeouts, connections: { most: maxConnections, leftIdleBy: now } });
}
