import { type BucketFolder, listKeys, type ObjectInfo, statObject } from "./bucket-files.ts";
import { readCount } from "./request.ts";
import { invalidArgument } from "./s3-error.ts";
import { document, element } from "./xml.ts";

interface Listing {
  objects: ObjectInfo[];
  prefixes: string[];
  /** The last key or common prefix given, when more follow. */
  last: string | undefined;
}

interface ListQuery {
  prefix: string;
  delimiter: string;
  /** Only keys behind this one. */
  after: string;
  maxKeys: number;
}

/** Answers ListObjectsV2, and ListObjects where `list-type` is left out. Amazon S3 API reference. */
export async function listObjects(bucket: BucketFolder, query: URLSearchParams): Promise<string> {
  const version = query.get("list-type");
  if (version !== null && version !== "2")
    throw invalidArgument("list-type", version, "Invalid List Type specified in Request");
  const encoding = query.get("encoding-type") ?? "";
  if (encoding !== "" && encoding !== "url")
    throw invalidArgument("encoding-type", encoding, "Invalid Encoding Method specified in Request");
  const token = query.get("continuation-token");
  const behind = query.get(version === "2" ? "start-after" : "marker") ?? "";
  const asked: ListQuery = {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    after: token === null ? behind : readToken(token),
    maxKeys: readCount(query, "max-keys", 0, 1000),
  };
  const listing = await takePage(bucket, asked);
  const write = encoding === "url" ? encodeKey : (text: string) => text;
  const paging = version === "2" ? pagingV2 : pagingV1;
  const content = [
    element("Name", bucket.name),
    element("Prefix", write(asked.prefix)),
    asked.delimiter && element("Delimiter", write(asked.delimiter)),
    element("MaxKeys", asked.maxKeys),
    encoding && element("EncodingType", encoding),
    element("IsTruncated", listing.last !== undefined),
    ...paging(listing, { behind, token, delimiter: asked.delimiter, write }),
    ...listing.objects.map((object) => contents(object, write)),
    ...listing.prefixes.map(
      (prefix) => `<CommonPrefixes>${element("Prefix", write(prefix))}</CommonPrefixes>`,
    ),
  ];
  return document("ListBucketResult", content.join(""));
}

interface PagingFacts {
  behind: string;
  token: string | null;
  delimiter: string;
  write(text: string): string;
}

function pagingV2({ objects, prefixes, last }: Listing, { behind, token, write }: PagingFacts): string[] {
  return [
    element("KeyCount", objects.length + prefixes.length),
    token === null ? "" : element("ContinuationToken", token),
    behind && element("StartAfter", write(behind)),
    last === undefined ? "" : element("NextContinuationToken", Buffer.from(last).toString("base64url")),
  ];
}

/** The first version names the next marker only where a delimiter is used. */
function pagingV1({ last }: Listing, { behind, delimiter, write }: PagingFacts): string[] {
  const next = last === undefined || delimiter === "" ? "" : element("NextMarker", write(last));
  return [element("Marker", write(behind)), next];
}

/** An object as a list has it; `write` encodes its key. */
export function contents(
  { key, lastModified, etag, sizeBytes }: Pick<ObjectInfo, "key" | "lastModified" | "etag" | "sizeBytes">,
  write: (text: string) => string,
): string {
  const fields = [
    element("Key", write(key)),
    element("LastModified", lastModified.toISOString()),
    element("ETag", etag),
    element("Size", sizeBytes),
    element("StorageClass", "STANDARD"),
  ];
  return `<Contents>${fields.join("")}</Contents>`;
}

async function takePage(bucket: BucketFolder, query: ListQuery): Promise<Listing> {
  const page: Listing = { objects: [], prefixes: [], last: undefined };
  if (query.maxKeys === 0) return page;
  const after = Buffer.from(query.after);
  let last: string | undefined;
  for (const key of await listKeys(bucket, query.prefix)) {
    const prefix = commonPrefix(key, query);
    if (Buffer.compare(Buffer.from(key), after) <= 0) continue;
    if (prefix !== undefined && (prefix === last || prefix === query.after)) continue;
    if (page.objects.length + page.prefixes.length === query.maxKeys) return { ...page, last };
    if (prefix !== undefined) {
      page.prefixes.push(prefix);
      last = prefix;
      continue;
    }
    const object = await statObject(bucket, key);
    if (!object) continue;
    page.objects.push(object);
    last = key;
  }
  return page;
}

/** The part of a key up to the first delimiter behind the prefix, under which it is rolled up. */
function commonPrefix(key: string, { prefix, delimiter }: ListQuery): string | undefined {
  const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** A key as `encoding-type=url` has it: escaped but for slashes. */
function encodeKey(text: string): string {
  return encodeURIComponent(text).replaceAll("%2F", "/");
}

function readToken(token: string): string {
  const last = Buffer.from(token, "base64url");
  if (token === "" || last.toString("base64url") !== token)
    throw invalidArgument("continuation-token", token, "The continuation token provided is incorrect");
  return last.toString();
}
