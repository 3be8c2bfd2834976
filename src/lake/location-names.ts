import { ToolError } from "../core/errors.ts";
import { escapeCharacters } from "../core/escape.ts";
import type { Location } from "./location.ts";

const maxKeyBytes = 1024;
const maxPathBytes = 4096;

/** S3's rules for general purpose buckets, which every name in a request must follow. */
const bucketPattern = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const accepted = "Give s3://bucket/key, an absolute path, or file:///absolute/path.";

/**
 * What a name given by a caller stands for, before anyone asked whether it may be read. S3 keys are taken as
 * they are: nothing is decoded or normalised. Throws `invalid_input` for a bad form.
 */
export function parseLocation(uri: string): Location {
  if (uri.includes("\0")) throw invalid(uri, "holds a NUL character");
  if (/\p{Surrogate}/u.test(uri)) throw invalid(uri, "is not well-formed Unicode");
  if (uri.startsWith("s3://")) return parseS3(uri);
  if (uri.startsWith("file:")) return { kind: "local", path: onePath(checkPath(uri, fromFileUrl(uri))) };
  if (uri.startsWith("/")) return { kind: "local", path: onePath(checkPath(uri, uri)) };
  if (/^databricks:/i.test(uri)) {
    throw invalid(uri, "is a table of Databricks, which is no object or file");
  }
  throw invalid(uri, `is not a name of an object or file. ${accepted}`);
}

/** The name a caller may give again for `location`. */
export function formatLocation(location: Location): string {
  return location.kind === "s3" ? `s3://${location.bucket}/${location.key}` : location.path;
}

/** A caller's name inside a message: quoted, control characters escaped, cut to 200 characters. */
export function quoteName(name: string): string {
  const shown = name.length > 200 ? `${name.slice(0, 199)}…` : name;
  return escapeCharacters(JSON.stringify(shown), /[\p{Cf}\p{Cc}\u2028\u2029]/gu);
}

function parseS3(uri: string): Location {
  const rest = uri.slice("s3://".length);
  if (rest.startsWith("arn:")) {
    throw invalid(
      uri,
      "names a bucket by its ARN. Give the bucket's name or access point alias: s3://bucket/key",
    );
  }
  const slash = rest.indexOf("/");
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  const key = slash < 0 ? "" : rest.slice(slash + 1);
  if (!bucketPattern.test(bucket)) {
    throw invalid(
      uri,
      `has ${quoteName(bucket)} for a bucket, which no bucket can be called. Bucket names have 3 to 63 lower-case letters, digits, dots and hyphens`,
    );
  }
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > maxKeyBytes) {
    throw invalid(uri, `has a key of ${keyBytes} bytes. S3 keys have at most ${maxKeyBytes}`);
  }
  if (climbsOut(key)) throw invalid(uri, "has a key that climbs above its bucket, which S3 refuses");
  return { kind: "s3", bucket, key };
}

/** S3's own rule: read from left to right, there are never more `..` than segments before them. */
function climbsOut(key: string): boolean {
  let depth = 0;
  for (const segment of key.split("/")) {
    if (segment === "..") depth--;
    else if (segment !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** Decoded by hand: URL parsers drop tabs and line ends, and fold `..` away before anyone can look. */
function fromFileUrl(uri: string): string {
  const match = /^file:\/\/(?:localhost)?(\/[^?#]*)$/.exec(uri);
  if (!match?.[1]) {
    throw invalid(uri, "is not file:///absolute/path. Write ? and # in it as %3F and %23");
  }
  return match[1]
    .split("/")
    .map((segment) => decodeSegment(uri, segment))
    .join("/");
}

function decodeSegment(uri: string, segment: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch (cause) {
    throw invalid(uri, "has a percent sign that encodes nothing. Write a plain % as %25", cause);
  }
  if (/[/\0]/.test(decoded)) throw invalid(uri, "has an encoded slash or NUL, which no file name can hold");
  return decoded;
}

function checkPath(uri: string, path: string): string {
  const pathBytes = Buffer.byteLength(path);
  if (pathBytes > maxPathBytes) {
    throw invalid(uri, `is a path of ${pathBytes} bytes. Paths have at most ${maxPathBytes}`);
  }
  return path;
}

/** One spelling of a path: without doubled slashes and `.`, which change nothing. `..` is left to be refused. */
function onePath(path: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  return segments.length > 0 && /\/\.?$/.test(path) ? `/${segments.join("/")}/` : `/${segments.join("/")}`;
}

function invalid(uri: string, reason: string, cause?: unknown): ToolError {
  return new ToolError("invalid_input", `${quoteName(uri)} ${reason.replace(/\.$/, "")}.`, { cause });
}
