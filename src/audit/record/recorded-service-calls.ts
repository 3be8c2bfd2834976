import type { ServiceCalls } from "../../core/service-calls.ts";
import { boundedText } from "./recorded-arguments.ts";

/** Of a path, which may name a table. */
const maxOperationChars = 200;

/** What a record keeps of the requests a call made to AWS and Databricks; nothing where it made none. */
export function recordServiceCalls(made: ServiceCalls | undefined): Record<string, unknown> {
  if (!made || made.count === 0) return {};
  const { calls, count, bytesRead } = made;
  return {
    awsCalls: calls.map((call) => ({ ...call, operation: boundedText(call.operation, maxOperationChars) })),
    awsCallCount: count,
    ...(count > calls.length ? { awsCallsLeftOut: count - calls.length } : {}),
    awsBytesRead: bytesRead,
  };
}
