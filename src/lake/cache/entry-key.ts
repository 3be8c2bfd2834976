import { createHash } from "node:crypto";
import type { StoredObject } from "../stores/store.ts";

/**
 * The name of an entry on disk: 64 hexadecimal digits, so that no key or path reaches the file system. Tenants
 * never share one, and neither do two versions, endpoints, kinds of derived content, or a bucket's own readers and
 * those of a catalog's table in it.
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
      ? ["s3", endpoint ?? null, location.bucket, location.key, ...tableOf(location)]
      : ["local", location.path];
  return createHash("sha256")
    .update(JSON.stringify([tenantId, place, etag, sizeBytes, kind ?? null]))
    .digest("hex");
}

function tableOf({ tableId }: Extract<StoredObject["location"], { kind: "s3" }>): string[] {
  return tableId === undefined ? [] : [tableId];
}
