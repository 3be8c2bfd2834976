import type { ClientOptions } from "./make-client.ts";
import { openClient } from "./open-client.ts";

export type DynamoDbSdk = typeof import("@aws-sdk/client-dynamodb");

const maxAttempts = 4;

/** A client for what is of no call, and the SDK it is of, which is loaded for it. Close it with `destroy`. */
export async function openDynamoDb(options: Omit<ClientOptions, "maxAttempts">) {
  const sdk = await import("@aws-sdk/client-dynamodb");
  return { sdk, client: openClient(sdk.DynamoDBClient, { ...options, maxAttempts }) };
}
