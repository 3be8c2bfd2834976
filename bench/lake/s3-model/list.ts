import { contents } from "../../../src/demo/s3-endpoint/list-objects.ts";
import { document, element } from "../../../src/demo/s3-endpoint/xml.ts";
import type { ServedFile, ServedFiles } from "./served-files.ts";

interface Page {
  objects: ServedFile[];
  prefixes: string[];
  /** The last name on this page, when more follow. */
  last: string | undefined;
}

/** Answers ListObjectsV2. Amazon S3 API reference. */
export function listObjects(files: ServedFiles, bucket: string, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const token = query.get("continuation-token");
  const after =
    token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
  const maxKeys = Math.min(1_000, Number(query.get("max-keys") ?? 1_000));
  const page = takePage(files.under(prefix), {
    prefix,
    after,
    maxKeys,
    delimiter: query.get("delimiter") ?? "",
  });
  const isEncoded = query.get("encoding-type") === "url";
  const write = (key: string) => (isEncoded ? encodeURIComponent(key).replaceAll("%2F", "/") : key);
  const next = page.last === undefined ? "" : Buffer.from(page.last).toString("base64url");
  const content = [
    element("Name", bucket),
    element("Prefix", write(prefix)),
    element("KeyCount", page.objects.length + page.prefixes.length),
    element("MaxKeys", maxKeys),
    ...(isEncoded ? [element("EncodingType", "url")] : []),
    element("IsTruncated", page.last !== undefined),
    ...(next === "" ? [] : [element("NextContinuationToken", next)]),
    ...page.objects.map((file) => contents(file, write)),
    ...page.prefixes.map((one) => `<CommonPrefixes>${element("Prefix", write(one))}</CommonPrefixes>`),
  ];
  return document("ListBucketResult", content.join(""));
}

interface Asked {
  prefix: string;
  delimiter: string;
  /** Only what is behind this name. */
  after: string;
  maxKeys: number;
}

function takePage(files: readonly ServedFile[], { prefix, delimiter, after, maxKeys }: Asked): Page {
  const page: Page = { objects: [], prefixes: [], last: undefined };
  const behind = Buffer.from(after);
  let last: string | undefined;
  for (const file of files) {
    const at = delimiter === "" ? -1 : file.key.indexOf(delimiter, prefix.length);
    const rolledUp = at < 0 ? undefined : file.key.slice(0, at + delimiter.length);
    if (Buffer.compare(Buffer.from(file.key), behind) <= 0) continue;
    if (rolledUp !== undefined && (rolledUp === last || rolledUp === after)) continue;
    if (page.objects.length + page.prefixes.length === maxKeys) return { ...page, last };
    if (rolledUp === undefined) page.objects.push(file);
    else page.prefixes.push(rolledUp);
    last = rolledUp ?? file.key;
  }
  return page;
}
