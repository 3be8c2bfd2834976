import { createHash } from "node:crypto";
import type { StoredObject } from "../stores/store.ts";

/**
 * The name of an entry on disk: 64 hexadecimal digits, so that no key or path reaches the file system. Tenants
 * never share one, and neither do two versions, endpoints, or kinds of derived content.
 */
export function entryKey(
  tenantId: string,
  endpoint: string | undefined,
  object: StoredObject,
  kind: string | undefined,
): string {
  const { location, etag, sizeBytes } = object;
  const place =
    location.kind === "s3"
      ? ["s3", endpoint ?? null, location.bucket, location.key]
      : ["local", location.path];
  return createHash("sha256")
    .update(JSON.stringify([tenantId, place, etag, sizeBytes, kind ?? null]))
    .digest("hex");
}
