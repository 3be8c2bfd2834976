import type { S3Client } from "@aws-sdk/client-s3";
import { awsCredentials } from "../../core/aws-credentials.ts";
import { awsTimeouts } from "../../core/aws-timeouts.ts";
import type { S3AnchorSettings } from "../settings.ts";

/** A client of the anchors' bucket. Close it with `destroy`. */
export async function makeAnchorClient({
  region,
  endpoint,
  forcePathStyle,
}: S3AnchorSettings): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle,
    followRegionRedirects: true,
    credentials: awsCredentials(),
    requestHandler: awsTimeouts({ connectMs: 5_000, answerMs: 10_000 }),
  });
}
