import type { S3AnchorSettings } from "../settings.ts";
import { makeAnchorClient } from "./anchor-client.ts";

/**
 * Whether objects of the bucket can be locked, which is decided where it is made or later for all new objects. Needs
 * `s3:GetBucketObjectLockConfiguration`. Throws what S3 answers, `NoSuchBucket` too.
 */
export async function hasObjectLock(settings: S3AnchorSettings): Promise<boolean> {
  const { GetObjectLockConfigurationCommand } = await import("@aws-sdk/client-s3");
  const client = await makeAnchorClient(settings);
  try {
    const request = new GetObjectLockConfigurationCommand({ Bucket: settings.bucket });
    const { ObjectLockConfiguration } = await client.send(request);
    return ObjectLockConfiguration?.ObjectLockEnabled === "Enabled";
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ObjectLockConfigurationNotFoundError") return false;
    throw thrown;
  } finally {
    client.destroy();
  }
}
