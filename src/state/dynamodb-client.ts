import { openDynamoDb } from "../aws/open-dynamodb.ts";
import type { DynamoDbSettings } from "./settings.ts";

/** Milliseconds. */
const timeouts = { connectMs: 1_000, answerMs: 2_000 };
/** Every request to this server may need the store at once. */
const maxSockets = 128;

/** A client, and the SDK it is of. Close it with `destroy`. */
export function openStateTable({ region, endpoint }: DynamoDbSettings) {
  return openDynamoDb({ region, endpoint, timeouts, maxSockets });
}
