import { answering } from "../core/aws-answer-deadline.ts";
import { awsCredentials } from "../core/aws-credentials.ts";
import { awsTimeouts } from "../core/aws-timeouts.ts";
import type { DynamoDbSettings } from "./settings.ts";

export type Sdk = typeof import("@aws-sdk/client-dynamodb");

/** Milliseconds. */
const timeouts = { connectMs: 1_000, answerMs: 2_000 };
const maxAttempts = 4;

/** A client, and the SDK it is of. Close it with `destroy`. */
export async function openDynamoDb({ region, endpoint }: DynamoDbSettings) {
  const sdk = await import("@aws-sdk/client-dynamodb");
  const client = new sdk.DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    retryMode: "standard",
    maxAttempts,
    credentials: awsCredentials(),
    requestHandler: {
      ...awsTimeouts(timeouts),
      httpAgent: { keepAlive: true, maxSockets: 128 },
      httpsAgent: { keepAlive: true, maxSockets: 128 },
    },
  });
  return { sdk, client: answering(client, { wholeMs: timeouts.answerMs }) };
}
