import type { S3Client } from "@aws-sdk/client-s3";
import { answering } from "../../core/aws-answer-deadline.ts";
import { awsCredentials } from "../../core/aws-credentials.ts";
import { awsTimeouts } from "../../core/aws-timeouts.ts";
import { rereading } from "../../core/stale-credentials.ts";
import type { S3AnchorSettings } from "../settings.ts";

const answerMs = 10_000;

/** A client of the anchors' bucket. Close it with `destroy`. */
export async function makeAnchorClient({
  region,
  endpoint,
  forcePathStyle,
}: S3AnchorSettings): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle,
    followRegionRedirects: true,
    credentials: awsCredentials(),
    requestHandler: awsTimeouts({ connectMs: 5_000, answerMs }),
  });
  return answering(rereading(client), { wholeMs: answerMs });
}
