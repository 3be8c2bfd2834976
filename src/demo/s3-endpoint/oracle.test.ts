import { createHash } from "node:crypto";
import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bucket,
  connectS3,
  contents,
  type S3Folder,
  startS3Folder,
} from "../../../test/harness/s3-folder.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";

let folder: S3Folder;
let oracle: S3Server;
let theirs: S3Client;

beforeAll(async () => {
  folder = await startS3Folder();
  oracle = await startS3Server([bucket]);
  for (const [key, content] of Object.entries(contents)) await oracle.put(bucket, key, content);
  theirs = connectS3(oracle.endpoint);
});

afterAll(async () => {
  theirs.destroy();
  await oracle.stop();
  await folder.close();
});

interface Answer {
  status: number;
  [field: string]: unknown;
}

/** What two servers must agree on: status, error code, body, and the fields that do not name one server's own time. */
async function answerOf(client: S3Client, send: (client: S3Client) => Promise<unknown>): Promise<Answer> {
  try {
    const { $metadata, Body, ...fields } = (await send(client)) as Record<string, never> & Output;
    const body = Body
      ? createHash("sha256")
          .update(await Body.transformToByteArray())
          .digest("hex")
      : undefined;
    return { status: $metadata.httpStatusCode ?? 0, body, ...comparable(fields) };
  } catch (thrown) {
    const { name, $metadata } = thrown as Error & Output;
    return { status: $metadata.httpStatusCode ?? 0, error: name };
  }
}

interface Output {
  $metadata: { httpStatusCode?: number };
  Body?: { transformToByteArray(): Promise<Uint8Array> };
}

const compared = ["CommonPrefixes", "ContentLength", "ContentRange", "Contents", "Delimiter", "ETag"];
const alsoCompared = [
  "IsTruncated",
  "KeyCount",
  "Marker",
  "MaxKeys",
  "Name",
  "NextMarker",
  "Prefix",
  "StartAfter",
];

function comparable(fields: Record<string, unknown>): Record<string, unknown> {
  const kept = [...compared, ...alsoCompared].flatMap((name) =>
    fields[name] === undefined ? [] : [[name, fields[name]]],
  );
  return JSON.parse(JSON.stringify(Object.fromEntries(kept)), (name, value) =>
    name === "LastModified" ? undefined : value,
  );
}

const get =
  (Key: string, more: object = {}) =>
  (client: S3Client) =>
    client.send(new GetObjectCommand({ Bucket: bucket, Key, ...more }));
const head =
  (Key: string, more: object = {}) =>
  (client: S3Client) =>
    client.send(new HeadObjectCommand({ Bucket: bucket, Key, ...more }));
const list =
  (more: object = {}) =>
  (client: S3Client) =>
    client.send(new ListObjectsV2Command({ Bucket: bucket, ...more }));
const listV1 =
  (more: object = {}) =>
  (client: S3Client) =>
    client.send(new ListObjectsCommand({ Bucket: bucket, ...more }));

const etagOfA = `"${createHash("md5").update("one\n").digest("hex")}"`;
const before = new Date("2020-01-01T00:00:00Z");
const after = new Date("2035-01-01T00:00:00Z");

describe("answers the AWS SDK as an independent S3 server does", () => {
  test.each<[string, (client: S3Client) => Promise<unknown>]>([
    ["a whole object", get("a.txt")],
    ["an object of some megabytes", get("big.bin")],
    ["an empty object", get("empty.txt")],
    ["a key with blanks, plus and percent signs", get("dir/c d+e%20=&.txt")],
    ["a key outside ASCII", get("odd/😀.txt")],
    ["a missing key", get("missing.txt")],
    ["a missing bucket", (client) => client.send(new GetObjectCommand({ Bucket: "missing", Key: "a.txt" }))],
    ["a folder as key", get("dir")],
    ["a range", get("big.bin", { Range: "bytes=1000-1999" })],
    ["a range past the end", get("a.txt", { Range: "bytes=2-900" })],
    ["an open range", get("a.txt", { Range: "bytes=1-" })],
    ["a suffix", get("big.bin", { Range: "bytes=-1024" })],
    ["a range behind the end", get("a.txt", { Range: "bytes=4-" })],
    ["If-Match that holds", get("a.txt", { IfMatch: etagOfA })],
    ["If-Match that fails", get("a.txt", { IfMatch: '"0123"' })],
    ["If-None-Match that holds", get("a.txt", { IfNoneMatch: '"0123"' })],
    ["If-None-Match that fails", get("a.txt", { IfNoneMatch: etagOfA })],
    ["If-Modified-Since before", get("a.txt", { IfModifiedSince: before })],
    ["If-Modified-Since after", get("a.txt", { IfModifiedSince: after })],
    ["If-Unmodified-Since before", get("a.txt", { IfUnmodifiedSince: before })],
    ["If-Unmodified-Since after", get("a.txt", { IfUnmodifiedSince: after })],
    ["a head", head("big.bin")],
    ["a head of a missing key", head("missing.txt")],
    ["a head of a bucket", (client) => client.send(new HeadBucketCommand({ Bucket: bucket }))],
    ["a head of a missing bucket", (client) => client.send(new HeadBucketCommand({ Bucket: "missing" }))],
    ["the list under a prefix", list({ Prefix: "dir" })],
    ["the list of one level", list({ Delimiter: "/", Prefix: "dir/" })],
    ["the list of the first level", list({ Delimiter: "/" })],
    ["the list by another delimiter", list({ Delimiter: "t", Prefix: "d" })],
    ["the list of nothing", list({ Prefix: "none/" })],
    ["the list of a prefix below a missing folder", list({ Prefix: "none/at/all" })],
    ["the list behind a key", list({ StartAfter: "dir/b.txt", Prefix: "dir" })],
    ["a first page", list({ MaxKeys: 2 })],
    ["the older list", listV1({ Prefix: "dir/" })],
    ["the older list of one level", listV1({ Delimiter: "/" })],
    ["the older list behind a marker", listV1({ Marker: "dir/b.txt", Prefix: "dir/" })],
    [
      "the list of a missing bucket",
      (client) => client.send(new ListObjectsV2Command({ Bucket: "missing" })),
    ],
  ])("%s", async (_, send) => {
    const [mine, other] = await Promise.all([answerOf(folder.client, send), answerOf(theirs, send)]);
    expect(mine).toEqual(other);
  });
});
