import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { answering } from "../core/aws-answer-deadline.ts";
import { awsCredentials } from "../core/aws-credentials.ts";
import { type AwsTimeouts, awsTimeouts } from "../core/aws-timeouts.ts";
import { rereading } from "../core/stale-credentials.ts";
import { leavingIdle } from "./idle-connections.ts";

export type DynamoDbSdk = typeof import("@aws-sdk/client-dynamodb");

export interface DynamoDbOptions {
  /** `undefined` leaves it to the AWS SDK's own chain. */
  region?: string | undefined;
  /** Of a server that speaks DynamoDB's protocol. */
  endpoint?: string | undefined;
  /** Of each attempt. */
  timeouts: AwsTimeouts;
  /**
   * How many may be open at once, and the clock (milliseconds since the epoch) by which those that lay idle for long are left.
   * Default: the AWS SDK's own 50, and however long.
   */
  connections?: { most: number; now(): number };
}

const maxAttempts = 4;

/** A client for what is of no call, and the SDK it is of, which is loaded for it. Close it with `destroy`. */
export async function openDynamoDb({ region, endpoint, timeouts, connections }: DynamoDbOptions) {
  const sdk = await import("@aws-sdk/client-dynamodb");
  const agents = connections && createAgents(connections.most);
  const client = new sdk.DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    retryMode: "standard",
    maxAttempts,
    credentials: awsCredentials(),
    requestHandler: { ...awsTimeouts(timeouts), ...agents },
  });
  const bounded = answering(rereading(client), { wholeMs: timeouts.answerMs });
  if (agents) leavingIdle(bounded, [agents.httpAgent, agents.httpsAgent], connections.now);
  return { sdk, client: bounded };
}

function createAgents(maxSockets: number) {
  const options = { keepAlive: true, maxSockets };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}
