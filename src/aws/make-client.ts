import { answersWithin } from "./answer-deadline.ts";
import type { Credentials } from "./credentials.ts";
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
  /** Connections open at once. Default: the AWS SDK's, 50. */
  maxSockets?: number;
  /** In place of the AWS SDK's own chain. */
  credentials?: Credentials | undefined;
  /** A command whose body may take as long as whoever reads it waits. */
  unboundCommand?: string;
  /** Settings of this service alone. */
  own?: Own;
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
  const client = new Client({ ...configOf(options), ...(own as Own) });
  const { timeouts, unboundCommand: except } = options;
  client.middlewareStack.use(
    answersWithin({ wholeMs: timeouts.answerMs, ...(except !== undefined && { except }) }),
  );
  return client;
}

function configOf(options: ClientOptions & { credentials: Credentials }) {
  const { region, endpoint, timeouts, maxAttempts, maxSockets, credentials } = options;
  const agent = maxSockets === undefined ? undefined : { keepAlive: true, maxSockets };
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    retryMode: "standard",
    maxAttempts,
    credentials,
    requestHandler: { ...awsTimeouts(timeouts), ...(agent && { httpAgent: agent, httpsAgent: agent }) },
  };
}
