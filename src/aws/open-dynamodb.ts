import { answering } from "../core/aws-answer-deadline.ts";
import { awsCredentials } from "../core/aws-credentials.ts";
import { type AwsTimeouts, awsTimeouts } from "../core/aws-timeouts.ts";
import { rereading } from "../core/stale-credentials.ts";

export type DynamoDbSdk = typeof import("@aws-sdk/client-dynamodb");

export interface DynamoDbOptions {
  /** `undefined` leaves it to the AWS SDK's own chain. */
  region?: string | undefined;
  /** Of a server that speaks DynamoDB's protocol. */
  endpoint?: string | undefined;
  /** Of each attempt. */
  timeouts: AwsTimeouts;
  /** Connections open at once. Default: the AWS SDK's, 50. */
  maxSockets?: number;
}

const maxAttempts = 4;

/** A client for what is of no call, and the SDK it is of, which is loaded for it. Close it with `destroy`. */
export async function openDynamoDb({ region, endpoint, timeouts, maxSockets }: DynamoDbOptions) {
  const sdk = await import("@aws-sdk/client-dynamodb");
  const agent = maxSockets === undefined ? undefined : { keepAlive: true, maxSockets };
  const client = new sdk.DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    retryMode: "standard",
    maxAttempts,
    credentials: awsCredentials(),
    requestHandler: { ...awsTimeouts(timeouts), ...(agent && { httpAgent: agent, httpsAgent: agent }) },
  });
  return { sdk, client: answering(rereading(client), { wholeMs: timeouts.answerMs }) };
}
