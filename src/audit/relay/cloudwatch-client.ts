import { answering } from "../../core/aws-answer-deadline.ts";
import { awsCredentials } from "../../core/aws-credentials.ts";
import { awsTimeouts } from "../../core/aws-timeouts.ts";
import { rereading } from "../../core/stale-credentials.ts";
import type { CloudwatchSettings } from "../settings.ts";

const answerMs = 10_000;

/** Retries are the relay's: a request is sent once. */
export async function makeLogsClient({ region, endpoint }: Pick<CloudwatchSettings, "region" | "endpoint">) {
  const { CloudWatchLogsClient } = await import("@aws-sdk/client-cloudwatch-logs");
  const client = new CloudWatchLogsClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 1,
    credentials: awsCredentials(),
    requestHandler: awsTimeouts({ connectMs: 10_000, answerMs }),
  });
  return answering(rereading(client), { wholeMs: answerMs });
}
