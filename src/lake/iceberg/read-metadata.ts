import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { damagedMetadata } from "./faults.ts";
import { parseMetadata, type TableMetadata } from "./table-metadata.ts";

/** A metadata file that was read. */
export interface OpenMetadata {
  object: StoredObject;
  metadata: TableMetadata;
  /** Names its content for ever. */
  digest: string;
}

const maxBytes = 64 << 20;

/** Throws `too_large` past 64 MiB, `invalid_input` for what is no metadata, `unsupported`, `changed`. */
export async function readMetadata(
  stores: Stores,
  object: StoredObject,
  { signal }: LakeScope,
): Promise<OpenMetadata> {
  if (object.sizeBytes > maxBytes) throw tooLarge(object.uri);
  const { location, etag: ifMatch } = object;
  const stored = await readBytes(stores, { location, ifMatch }, signal);
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? gunzipped(stored, object.uri) : stored;
  const digest = createHash("sha256").update(bytes).digest("base64url");
  return { object, metadata: parseMetadata(bytes.toString("utf8"), object.uri), digest };
}

function gunzipped(stored: Buffer, uri: string): Buffer {
  try {
    return gunzipSync(stored, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(uri);
    throw damagedMetadata(uri, "it cannot be decompressed", cause);
  }
}

function tooLarge(uri: string): ToolError {
  return new ToolError(
    "too_large",
    `The metadata file ${quoteName(uri)} has more than ${maxBytes} bytes. Expire old snapshots of the table.`,
    { details: { maxBytes } },
  );
}
