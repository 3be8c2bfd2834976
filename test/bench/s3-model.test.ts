import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createS3Model, type S3Model } from "../../bench/lake/s3-model/model.ts";

const Bucket = "bench";
const body = Buffer.from(Array.from({ length: 600_000 }, (_, at) => (at * 7 + (at >> 8)) % 251));
let folder: string;
let model: S3Model;
let client: S3Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-model-"));
  await mkdir(join(folder, "t", "x y"), { recursive: true });
  await writeFile(join(folder, "big.bin"), body);
  for (const name of ["a", "b", "x y/c", "z"]) await writeFile(join(folder, "t", name), name);
  const link = { firstByteMs: 1, bytesPerSecondPerConnection: 1e9, bytesPerSecond: 1e9 };
  model = createS3Model(folder, Bucket, link);
  model.server.listen(0, "127.0.0.1");
  await once(model.server, "listening");
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(model.server.address() as AddressInfo).port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    forcePathStyle: true,
    responseChecksumValidation: "WHEN_REQUIRED",
  });
});
afterAll(async () => {
  client.destroy();
  model.server.close();
  model.server.closeAllConnections();
  await rm(folder, { recursive: true });
});

async function get(Key: string, more: { Range?: string; IfMatch?: string } = {}) {
  const { Body, ContentRange, ETag } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), range: ContentRange, etag: ETag };
}

test("answers whole objects, ranges and suffixes with exactly their bytes", async () => {
  expect((await get("big.bin")).bytes.equals(body)).toBe(true);
  const middle = await get("big.bin", { Range: "bytes=299999-570000" });
  expect(middle.range).toBe("bytes 299999-570000/600000");
  expect(middle.bytes.equals(body.subarray(299_999, 570_001))).toBe(true);
  const tail = await get("big.bin", { Range: "bytes=-1000" });
  expect(tail.range).toBe("bytes 599000-599999/600000");
  expect(tail.bytes.equals(body.subarray(-1_000))).toBe(true);
  expect((await get("big.bin", { Range: "bytes=599990-700000" })).range).toBe("bytes 599990-599999/600000");
  await expect(get("big.bin", { Range: "bytes=600000-" })).rejects.toThrow(/not satisfiable/);
});

test("holds to If-Match, and gives each take a version of its own", async () => {
  const { etag = "" } = await get("take-1/big.bin", { Range: "bytes=0-0" });
  expect(
    (await get("take-1/big.bin", { IfMatch: etag, Range: "bytes=5-9" })).bytes.equals(body.subarray(5, 10)),
  ).toBe(true);
  await expect(get("take-2/big.bin", { IfMatch: etag })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 412 },
  });
});

test("lists in pages, with prefixes rolled up, under the name that was asked for", async () => {
  const asked = { Bucket, Prefix: "take-7/t/", Delimiter: "/", MaxKeys: 2 };
  const first = await client.send(new ListObjectsV2Command(asked));
  expect(first.Contents?.map(({ Key }) => Key)).toEqual(["take-7/t/a", "take-7/t/b"]);
  expect(first.IsTruncated).toBe(true);
  const rest = await client.send(
    new ListObjectsV2Command({ ...asked, ContinuationToken: first.NextContinuationToken }),
  );
  expect(rest.CommonPrefixes).toEqual([{ Prefix: "take-7/t/x y/" }]);
  expect(rest.Contents?.map(({ Key }) => Key)).toEqual(["take-7/t/z"]);
  expect(rest.IsTruncated).toBe(false);
  const listed = rest.Contents?.[0];
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "take-7/t/z" }));
  expect([head.ETag, head.ContentLength]).toEqual([listed?.ETag, listed?.Size]);
});

test("counts requests and bytes of each take apart, and begins anew when they are taken", async () => {
  await get("take-count/big.bin", { Range: "bytes=0-9" });
  await get("take-other/t/a");
  await client.send(new HeadObjectCommand({ Bucket, Key: "take-count/t/a" }));
  await client.send(new ListObjectsV2Command({ Bucket, Prefix: "take-count/t/" }));
  await expect(get("take-count/none")).rejects.toThrow(/does not exist/);
  expect(model.takeTraffic("take-count")).toEqual({ requests: 4, gets: 1, heads: 1, lists: 1, bytes: 10 });
  expect(model.takeTraffic("take-count").requests).toBe(0);
  expect(model.takeTraffic("take-other").bytes).toBe(1);
});
