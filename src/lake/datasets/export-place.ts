import { ToolError } from "../../core/errors.ts";
import { createBoundaries } from "../boundaries.ts";
import type { ExportQueryRequest } from "../lake.ts";
import { parseLocation, quoteName } from "../location-names.ts";
import type { AllowedBucket, ExportSettings } from "../settings.ts";
import type { S3Location } from "../stores/s3-head.ts";

/** Names that need no quoting anywhere: in URLs, shells, headers and on every file system. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Where an export goes: the folder the caller gave, or the first allowed, and in it the name. Throws `denied`, `invalid_input`. */
export function exportPlace(
  { folder, name, format }: Pick<ExportQueryRequest, "folder" | "name" | "format">,
  { buckets }: Pick<ExportSettings, "buckets">,
  madeName: string,
): S3Location {
  const { bucket, prefix } = folderOf(folder, buckets);
  const key = `${prefix}${fileName(name ?? madeName, format)}`;
  if (Buffer.byteLength(key) > 1024)
    throw new ToolError(
      "invalid_input",
      `The key ${quoteName(key)} has more than the 1,024 bytes S3 allows.`,
    );
  return { kind: "s3", bucket, key };
}

function folderOf(folder: string | undefined, allowed: readonly AllowedBucket[]): AllowedBucket {
  const [first] = allowed;
  if (!first) {
    throw new ToolError("denied", "This server exports nowhere: lake.exports.buckets names no bucket.");
  }
  if (folder === undefined) return first;
  const location = parseLocation(folder);
  const isInside =
    location.kind === "s3" &&
    createBoundaries({ buckets: allowed, localRoots: [] }).allowsKey(location.bucket, location.key);
  if (!isInside) {
    const places = allowed.map(({ bucket, prefix }) => `s3://${bucket}/${prefix}`).join(", ");
    throw new ToolError("denied", `${quoteName(folder)} is outside what this server may write: ${places}.`);
  }
  if (location.key !== "" && !location.key.endsWith("/")) {
    throw new ToolError("invalid_input", `${quoteName(folder)} is no folder: end it with "/".`);
  }
  return { bucket: location.bucket, prefix: location.key };
}

function fileName(name: string, format: ExportQueryRequest["format"]): string {
  if (!namePattern.test(name)) {
    throw new ToolError(
      "invalid_input",
      `name is ${quoteName(name)}; it may have up to 200 letters, digits, ".", "_" and "-", the first a letter or digit.`,
    );
  }
  const ending = /\.(parquet|csv)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending !== undefined && ending !== format) {
    throw new ToolError(
      "invalid_input",
      `name is ${quoteName(name)} and format is ${format}. Give one or the other.`,
    );
  }
  return ending === undefined ? `${name}.${format}` : name;
}
