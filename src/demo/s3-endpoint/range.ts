import { S3Error } from "./s3-error.ts";

/** Bytes of an object, both ends included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * The bytes a `Range` header asks for; `undefined` is the whole object. As S3 has it, a header in another form, or with
 * several ranges, counts as none. Throws `InvalidRange` for bytes the object does not have. RFC 9110 section 14.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  const [, from = "", to = ""] = parts ?? [];
  if (header === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const suffixBytes = Math.min(Number(to), sizeBytes);
    if (suffixBytes === 0) throw invalidRange(header, sizeBytes);
    return { first: sizeBytes - suffixBytes, last: sizeBytes - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return undefined;
  if (first >= sizeBytes) throw invalidRange(header, sizeBytes);
  return { first, last: to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}

function invalidRange(header: string, sizeBytes: number): S3Error {
  return new S3Error(416, "InvalidRange", "The requested range is not satisfiable", {
    RangeRequested: header,
    ActualObjectSize: String(sizeBytes),
  });
}
