import { openClient } from "../../aws/open-client.ts";
import type { CloudwatchSettings } from "../settings.ts";

/** Retries are the relay's: a request is sent once. */
export async function makeLogsClient({ region, endpoint }: Pick<CloudwatchSettings, "region" | "endpoint">) {
  const { CloudWatchLogsClient } = await import("@aws-sdk/client-cloudwatch-logs");
  const timeouts = { connectMs: 10_000, answerMs: 10_000 };
  return openClient(CloudWatchLogsClient, { region, endpoint, timeouts, maxAttempts: 1 });
}
