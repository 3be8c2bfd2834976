import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectS3 } from "../../../test/harness/s3-folder.ts";
import { type S3Endpoint, startS3Endpoint } from "./endpoint.ts";
import { WrittenObjects } from "./written-objects.ts";

const maxBytes = 12 << 20;
const Bucket = "sample";

let path: string;
let endpoint: S3Endpoint;
let client: S3Client;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "s3-writes-"));
  await writeFile(join(path, "a.txt"), "one\n");
  endpoint = await startS3Endpoint({
    buckets: [{ name: Bucket, path, writable: { prefix: "out/", objects: new WrittenObjects(maxBytes) } }],
    region: "eu-west-1",
  });
  client = connectS3(endpoint.url);
});
afterEach(async () => {
  client.destroy();
  await endpoint.close();
  await rm(path, { recursive: true });
});

const put = (Key: string, Body: string | Buffer, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more: object = {}) => client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const keys = async (Prefix = "") =>
  (await client.send(new ListObjectsV2Command({ Bucket, Prefix }))).Contents?.map(({ Key }) => Key) ?? [];
const fault = (name: string, httpStatusCode: number) => ({ name, $metadata: { httpStatusCode } });

test("an object is given back as it was written, with its headers, and no file is made of it", async () => {
  const given = { ContentType: "text/csv", Metadata: { of: "x" } };
  const { ETag } = await put("out/a b.csv", "a\n1\n", given);
  expect(ETag).toBe(`"${createHash("md5").update("a\n1\n").digest("hex")}"`);
  const { Body, ...found } = await get("out/a b.csv", { IfMatch: ETag });
  expect(await Body?.transformToString()).toBe("a\n1\n");
  expect(found).toMatchObject({ ...given, ETag, ContentLength: 4 });
  const ranged = await get("out/a b.csv", { Range: "bytes=2-2" });
  expect(await ranged.Body?.transformToString()).toBe("1");
  expect(await keys()).toEqual(["a.txt", "out/a b.csv"]);
  expect(await keys("out/")).toEqual(["out/a b.csv"]);
  expect(await readdir(path)).toEqual(["a.txt"]);
});

test("what is there is not overwritten by what has to be new, and is by what has not", async () => {
  await put("out/x", "first", { IfNoneMatch: "*" });
  await expect(put("out/x", "second", { IfNoneMatch: "*" })).rejects.toMatchObject(
    fault("PreconditionFailed", 412),
  );
  expect(await (await get("out/x")).Body?.transformToString()).toBe("first");
  await put("out/x", "third");
  expect(await (await get("out/x")).Body?.transformToString()).toBe("third");
  await client.send(new DeleteObjectCommand({ Bucket, Key: "out/x" }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: "out/x" }));
  await expect(get("out/x")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test.each(["a.txt", "b.txt", "out/", "outer/x"])("%s cannot be written or deleted", async (Key) => {
  await expect(put(Key, "x")).rejects.toMatchObject(fault("MethodNotAllowed", 405));
  await expect(client.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toMatchObject(
    fault("MethodNotAllowed", 405),
  );
  await expect(client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).rejects.toMatchObject(
    fault("MethodNotAllowed", 405),
  );
  expect(await keys()).toEqual(["a.txt"]);
  expect(await readdir(path)).toEqual(["a.txt"]);
});

test.each(["out/../a.txt", "out/../../x", "out//x"])("a key is no path: %s", async (Key) => {
  await put(Key, "written");
  expect(await (await get(Key)).Body?.transformToString()).toBe("written");
  expect(await (await get("a.txt")).Body?.transformToString()).toBe("one\n");
  expect(await readdir(path)).toEqual(["a.txt"]);
});

test("operations that are not served are refused by name, and write nothing", async () => {
  const copy = new CopyObjectCommand({ Bucket, Key: "out/x", CopySource: `${Bucket}/a.txt` });
  await expect(client.send(copy)).rejects.toMatchObject(fault("NotImplemented", 501));
  await expect(put("out/x", "x", { IfMatch: '"0"' })).rejects.toMatchObject(fault("NotImplemented", 501));
  const url = `${endpoint.url}/${Bucket}/out/x`;
  const send = (target: string, init: RequestInit) => fetch(target, init).then(({ status }) => status);
  expect(await send(`${url}?acl`, { method: "PUT", body: "x" })).toBe(501);
  expect(await send(url, { method: "POST", body: "x" })).toBe(501);
  const chunked = { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
  expect(await send(url, { method: "PUT", body: "1\r\nx\r\n0\r\n\r\n", headers: chunked })).toBe(501);
  const other = { "x-amz-content-sha256": "0".repeat(64) };
  expect(await send(url, { method: "PUT", body: "x", headers: other })).toBe(400);
  expect(await keys()).toEqual(["a.txt"]);
});

test("a link's answer has the disposition it asks for", async () => {
  await put("out/x.csv", "x");
  const answer = await fetch(
    `${endpoint.url}/${Bucket}/out/x.csv?response-content-disposition=${encodeURIComponent('attachment; filename="x.csv"')}`,
  );
  expect(answer.headers.get("content-disposition")).toBe('attachment; filename="x.csv"');
  expect(await answer.text()).toBe("x");
});

describe("an upload in parts", () => {
  const Key = "out/parts.bin";
  const large = Buffer.alloc(5 << 20, "0123456789");
  const begin = async () =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: "text/plain" })))
      .UploadId;
  const part = (UploadId: string | undefined, PartNumber: number, Body: Buffer) =>
    client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const complete = (UploadId: string | undefined, parts: [number, string | undefined][], more: object = {}) =>
    client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
        ...more,
      }),
    );

  test("is one object when it is completed, and nothing before", async () => {
    const id = await begin();
    const second = await part(id, 2, Buffer.from("end"));
    await part(id, 1, Buffer.from("to be replaced"));
    const first = await part(id, 1, large);
    expect(await keys("out/")).toEqual([]);
    const { ETag } = await complete(id, [
      [1, first.ETag],
      [2, second.ETag],
    ]);
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ETag, ContentLength: large.length + 3, ContentType: "text/plain" });
    const tail = await get(Key, { Range: "bytes=-5" });
    expect(await tail.Body?.transformToString()).toBe(`${large.subarray(-2)}end`);
    await expect(part(id, 3, large)).rejects.toMatchObject(fault("NoSuchUpload", 404));
  });

  test("is refused where its parts are not those that were sent, or an object is there", async () => {
    const id = await begin();
    const [one, two] = [await part(id, 1, Buffer.from("small")), await part(id, 2, Buffer.from("end"))];
    const both: [number, string | undefined][] = [
      [1, one.ETag],
      [2, two.ETag],
    ];
    await expect(complete(id, both)).rejects.toMatchObject({ name: "EntityTooSmall" });
    await expect(complete(id, both.toReversed())).rejects.toMatchObject({ name: "InvalidPartOrder" });
    await expect(complete(id, [[1, two.ETag]])).rejects.toMatchObject({ name: "InvalidPart" });
    await expect(complete(id, [[7, two.ETag]])).rejects.toMatchObject({ name: "InvalidPart" });
    await put(Key, "there before");
    await expect(complete(id, [[1, one.ETag]], { IfNoneMatch: "*" })).rejects.toMatchObject(
      fault("PreconditionFailed", 412),
    );
    expect(await (await get(Key)).Body?.transformToString()).toBe("there before");
  });

  test("gives its room back when it is aborted", async () => {
    for (let turn = 0; turn < 4; turn++) {
      const UploadId = await begin();
      await part(UploadId, 1, large);
      await part(UploadId, 2, large);
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    expect(await keys("out/")).toEqual([]);
  });

  test("takes room from nobody who still writes", async () => {
    const id = await begin();
    await part(id, 1, large);
    await part(id, 2, large);
    await expect(part(id, 3, large)).rejects.toMatchObject(fault("SlowDown", 503));
    await expect(put("out/x", large)).rejects.toMatchObject(fault("SlowDown", 503));
    await put("out/small", "x");
  });
});

test("the oldest objects make room for the newest, and none is larger than all the room", async () => {
  const half = Buffer.alloc(maxBytes / 2);
  for (const name of ["one", "two", "three"]) await put(`out/${name}`, half);
  expect(await keys("out/")).toEqual(["out/three", "out/two"]);
  await expect(put("out/huge", Buffer.alloc(maxBytes + 1))).rejects.toMatchObject(
    fault("EntityTooLarge", 400),
  );
  expect(await keys("out/")).toEqual(["out/three", "out/two"]);
});

test("a writer that goes away in the middle leaves no object, and no room taken", async () => {
  const { hostname, port } = new URL(endpoint.url);
  for (let turn = 0; turn < 5; turn++) {
    const request = httpRequest({ hostname, port, path: `/${Bucket}/out/gone`, method: "PUT" });
    request.on("error", () => {});
    request.setHeader("content-length", maxBytes);
    await new Promise((resolve) => request.write(Buffer.alloc(1_000), resolve));
    request.destroy();
  }
  await expect
    .poll(() =>
      put("out/all", Buffer.alloc(maxBytes)).then(
        () => "kept",
        () => "no room",
      ),
    )
    .toBe("kept");
  expect(await keys("out/")).toEqual(["out/all"]);
});
