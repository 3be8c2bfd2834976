import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { answersWithin } from "./answer-deadline.ts";
import type { Credentials } from "./credentials.ts";
import { leavesIdle } from "./idle-connections.ts";
import type { PluggableClient } from "./sdk-middleware.ts";
import { type AwsTimeouts, awsTimeouts } from "./timeouts.ts";

/** What clients of AWS differ in. */
export interface ClientOptions<Own extends object = object> {
  /** Left out: the AWS SDK's own chain finds it. */
  region?: string | undefined;
  /** Of a server that speaks the service's protocol. */
  endpoint?: string | undefined;
  /** Of each attempt. */
  timeouts: AwsTimeouts;
  maxAttempts: number;
  connections?: Connections;
  /** In place of the AWS SDK's own chain. */
  credentials?: Credentials | undefined;
  /** A command whose body may take as long as whoever reads it waits. */
  unboundCommand?: string;
  /** Settings of this service alone. */
  own?: Own;
}

/** What there is of them. Default: the AWS SDK's, 50 at once, kept for as long as the other side keeps them. */
export interface Connections {
  most: number;
  /** The clock, in milliseconds since the epoch, by which those that lay idle for long are left. */
  leftIdleBy?: () => number;
}

/** A client of the AWS SDK, and the settings it must take. */
export type ClientClass<C, Own extends object = object> = new (
  config: ReturnType<typeof configOf> & Own,
) => C;

/** The one place where clients of AWS are made: a test looks for others. */
export function makeClient<C extends PluggableClient, Own extends object>(
  Client: ClientClass<C, Own>,
  { own, ...options }: ClientOptions<Own> & { credentials: Credentials },
): C {
  const { timeouts, unboundCommand: except, connections } = options;
  const agents = connections && createAgents(connections.most);
  const client = new Client({ ...configOf(options, agents), ...(own as Own) });
  client.middlewareStack.use(
    answersWithin({ wholeMs: timeouts.answerMs, ...(except !== undefined && { except }) }),
  );
  if (agents && connections.leftIdleBy)
    client.middlewareStack.use(leavesIdle(Object.values(agents), connections.leftIdleBy));
  return client;
}

interface Agents {
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
}

function createAgents(maxSockets: number): Agents {
  const options = { keepAlive: true, maxSockets };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

function configOf(options: ClientOptions & { credentials: Credentials }, agents?: Agents) {
  const { region, endpoint, timeouts, maxAttempts, credentials } = options;
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    retryMode: "standard",
    maxAttempts,
    credentials,
    requestHandler: { ...awsTimeouts(timeouts), ...agents },
  };
}
