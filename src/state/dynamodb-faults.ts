import { isRecord } from "../core/record.ts";

/**
 * What an error of the AWS SDK says of DynamoDB: that it fails, by a status of 500 and above, half an answer or none. Throttles
 * are answers. Without credentials or a region nothing is sent, which says nothing.
 */
export function judgeDynamoDb(thrown: unknown): "fails" | "answers" | "nothing" {
  if (!isRecord(thrown)) return "nothing";
  const { $metadata: metadata, code, name } = thrown;
  const status = isRecord(metadata) ? metadata.httpStatusCode : undefined;
  if (typeof status === "number") return status >= 300 && status < 500 ? "answers" : "fails";
  // `code` of Node's network errors; those of time may have the name alone.
  const isLate = name === "TimeoutError" || name === "AbortError";
  return typeof code === "string" || isLate ? "fails" : "nothing";
}
