import type { S3Client } from "@aws-sdk/client-s3";
import { openClient } from "../../aws/open-client.ts";
import type { S3AnchorSettings } from "../settings.ts";

/** A client of the anchors' bucket. Close it with `destroy`. */
export async function makeAnchorClient({
  region,
  endpoint,
  forcePathStyle,
}: S3AnchorSettings): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return openClient(S3Client, {
    region,
    endpoint,
    timeouts: { connectMs: 5_000, answerMs: 10_000 },
    maxAttempts: 3,
    own: { forcePathStyle, followRegionRedirects: true },
  });
}
