import { invalidArgument, S3Error } from "./s3-error.ts";

/** A path-style request, its names decoded and nothing normalised: `a/../b` is a key like any other. */
export interface S3Request {
  method: string;
  /** Empty for the service itself. */
  bucket: string;
  /** Empty for the bucket itself. */
  key: string;
  query: URLSearchParams;
}

/** Takes an HTTP request line apart. Throws `InvalidURI` for escapes that are no UTF-8. */
export function parseRequest(method: string, target: string): S3Request {
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  if (!path.startsWith("/")) throw invalidUri();
  const keyAt = path.indexOf("/", 1);
  return {
    method,
    bucket: decode(keyAt < 0 ? path.slice(1) : path.slice(1, keyAt)),
    key: keyAt < 0 ? "" : decode(path.slice(keyAt + 1)),
    query: new URLSearchParams(queryAt < 0 ? "" : target.slice(queryAt + 1)),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUri();
  }
}

function invalidUri(): S3Error {
  return new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.");
}

/** `max-keys` and `max-buckets`: a whole number from `min`; over `max` counts as `max`, as S3 has it. */
export function readCount(query: URLSearchParams, name: string, min: number, max: number): number {
  const text = query.get(name);
  if (text === null || text === "") return max;
  if (!/^\d{1,10}$/.test(text) || Number(text) < min) {
    throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`);
  }
  return Math.min(Number(text), max);
}
