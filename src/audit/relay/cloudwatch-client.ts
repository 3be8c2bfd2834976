import type { CloudwatchSettings } from "../settings.ts";

const requestTimeoutMs = 10_000;

/** Retries are the relay's: a request is sent once. */
export async function makeLogsClient({ region, endpoint }: Pick<CloudwatchSettings, "region" | "endpoint">) {
  const { CloudWatchLogsClient } = await import("@aws-sdk/client-cloudwatch-logs");
  return new CloudWatchLogsClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 1,
    requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: requestTimeoutMs },
  });
}
