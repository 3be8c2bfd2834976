import { answersWithin } from "./answer-deadline.ts";
import { awsCredentials } from "./credentials.ts";
import { type ClientClass, type ClientOptions, makeClient } from "./make-client.ts";
import type { PluggableClient } from "./sdk-middleware.ts";
import { type AwsTimeouts, awsTimeouts } from "./timeouts.ts";
import { watchPlugin } from "./watched-client.ts";

/** A client that works for calls: what it sends is taken down for the one it sends it for. Close it with `destroy`. */
export function openCallClient<C extends PluggableClient, Own extends object = object>(
  Client: ClientClass<C, Own>,
  options: ClientOptions<Own>,
): C {
  const client = makeClient(Client, { ...options, credentials: options.credentials ?? callCredentials() });
  client.middlewareStack.use(watchPlugin);
  return client;
}

/** Credentials of the server's own, asked for as part of the call they are for. */
export function callCredentials() {
  return awsCredentials({ clientPlugins: [watchPlugin] });
}

/** What a client that works for calls is given where the AWS SDK makes it itself. */
export function partsOfCallClient(timeouts: AwsTimeouts) {
  return {
    clientPlugins: [watchPlugin, answersWithin({ wholeMs: timeouts.answerMs })],
    requestHandler: awsTimeouts(timeouts),
  };
}
