import { awsCredentials } from "./credentials.ts";
import { type ClientClass, type ClientOptions, makeClient } from "./make-client.ts";
import { type RereadingClient, rereading } from "./stale-credentials.ts";

/** A client for what is of no call, such as the audit and the state store. Close it with `destroy`. */
export function openClient<C extends RereadingClient, Own extends object = object>(
  Client: ClientClass<C, Own>,
  options: ClientOptions<Own>,
): C {
  return rereading(makeClient(Client, { ...options, credentials: options.credentials ?? awsCredentials() }));
}
