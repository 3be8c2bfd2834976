import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "./s3-error.ts";

interface Version {
  etag: string;
  lastModified: Date;
}

/**
 * What the conditional headers say of this version: `304` for not modified, else `undefined`. Throws
 * `PreconditionFailed`. An ETag condition beats the date condition of its kind. RFC 9110 section 13.2.2.
 */
export function checkConditions(headers: IncomingHttpHeaders, version: Version): 304 | undefined {
  const ifMatch = headers["if-match"];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) throw preconditionFailed("If-Match");
  } else if (isAfter(version.lastModified, headers["if-unmodified-since"])) {
    throw preconditionFailed("If-Unmodified-Since");
  }
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, version.etag) ? 304 : undefined;
  return isAfter(version.lastModified, headers["if-modified-since"]) === false ? 304 : undefined;
}

function matches(header: string, etag: string): boolean {
  const wanted = header.split(",").map((item) => item.trim().replace(/^W\//, ""));
  // S3 takes an ETag without its quotes too.
  return wanted.some((item) => item === "*" || item === etag || `"${item}"` === etag);
}

/** `undefined` where there is no date to compare with. HTTP dates have whole seconds. */
function isAfter(lastModified: Date, header: string | undefined): boolean | undefined {
  const thenMs = Date.parse(header ?? "");
  if (Number.isNaN(thenMs)) return undefined;
  return Math.floor(lastModified.getTime() / 1000) * 1000 > thenMs;
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    {
      Condition: condition,
    },
  );
}
