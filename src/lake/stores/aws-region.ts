import { openCallClient } from "../../aws/open-call-client.ts";
import { ToolError } from "../../core/errors.ts";

/** `given`, or the region the AWS SDK's own chain finds. Throws `invalid_input` where there is none: none is made up. */
export async function regionFor(given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const { S3Client } = await import("@aws-sdk/client-s3");
  // It is asked for its settings, and sends nothing.
  const client = openCallClient(S3Client, { timeouts: { connectMs: 1, answerMs: 1 }, maxAttempts: 1 });
  try {
    return await client.config.region();
  } catch (cause) {
    throw noRegion(cause);
  } finally {
    client.destroy();
  }
}

export function noRegion(cause: unknown): ToolError {
  return new ToolError(
    "invalid_input",
    "No AWS region is set. Set AWS_REGION, a region in the AWS profile, or the setting lake.s3.region.",
    { cause },
  );
}

/** Others ask for no region of their own. */
export function isAwsEndpoint(endpoint: string): boolean {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : endpoint;
  return /(^|\.)amazonaws\.com(\.cn)?$/.test(host);
}
