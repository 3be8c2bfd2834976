import { createHash } from "node:crypto";
import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucket, contents, modified, type S3Folder, startS3Folder } from "../../../test/harness/s3-folder.ts";

const etagOfA = `"${createHash("md5").update("one\n").digest("hex")}"`;

let folder: S3Folder;

beforeAll(async () => {
  folder = await startS3Folder();
});

afterAll(() => folder.close());

describe("listing", () => {
  const inByteOrder = Object.keys(contents).toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );

  it.each([1, 2, 3, 1000])(
    "walks every key once, in the order of UTF-8 bytes, in pages of %i",
    async (pageSize) => {
      const keys: (string | undefined)[] = [];
      for await (const page of paginateListObjectsV2(
        { client: folder.client, pageSize },
        { Bucket: bucket },
      )) {
        keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
      }
      expect(keys).toEqual(inByteOrder);
      // U+1F600 comes before U+FF5E in UTF-16, and after it in UTF-8.
      expect(inByteOrder.indexOf("odd/😀.txt")).toBeGreaterThan(inByteOrder.indexOf("odd/\uff5e.txt"));
    },
  );

  it("rolls up each folder once, whatever the page size", async () => {
    const found: (string | undefined)[] = [];
    const request = { Bucket: bucket, Delimiter: "/" };
    for await (const page of paginateListObjectsV2({ client: folder.client, pageSize: 1 }, request)) {
      found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
      expect((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)).toBe(1);
    }
    expect(found).toEqual(["dir/", "odd/"]);
  });

  it("walks the older list by its markers", async () => {
    const found: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await folder.client.send(
        new ListObjectsCommand({ Bucket: bucket, Delimiter: "/", MaxKeys: 1, Marker }),
      );
      found.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    expect(found).toEqual(["a.txt", "big.bin", "dir/", "dirt.txt", "empty.txt", "odd/"]);
  });

  it("escapes keys where asked to, but for slashes", async () => {
    const { Contents } = await folder.client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: "dir/c", EncodingType: "url" }),
    );
    expect(Contents?.map(({ Key }) => Key)).toEqual(["dir/c%20d%2Be%2520%3D%26.txt"]);
  });

  it("refuses a token it did not give out", async () => {
    const request = folder.client.send(
      new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: "not one!" }),
    );
    await expect(request).rejects.toMatchObject({ name: "InvalidArgument" });
  });

  it("names buckets, with their region", async () => {
    const { Buckets } = await folder.client.send(new ListBucketsCommand({}));
    expect(Buckets).toMatchObject([{ Name: bucket, BucketRegion: "eu-west-1" }]);
    const location = await folder.client.send(new GetBucketLocationCommand({ Bucket: bucket }));
    expect(location.LocationConstraint).toBe("eu-west-1");
  });
});

describe("reading", () => {
  const get = (more: object) =>
    folder.client.send(new GetObjectCommand({ Bucket: bucket, Key: "a.txt", ...more }));

  it("gives the whole object for a suffix longer than it", async () => {
    const { Body, ContentRange } = await get({ Range: "bytes=-1024" });
    expect(await Body?.transformToString()).toBe("one\n");
    expect(ContentRange).toBe("bytes 0-3/4");
  });

  it.each(["bytes=3-1", "bytes=0-0,2-3", "bytes=-", "lines=1-2"])("takes %s for no range", async (Range) => {
    const { Body, $metadata } = await get({ Range });
    expect($metadata.httpStatusCode).toBe(200);
    expect(await Body?.transformToString()).toBe("one\n");
  });

  it("has no byte in an empty suffix", async () => {
    await expect(get({ Range: "bytes=-0" })).rejects.toMatchObject({
      name: "InvalidRange",
      $metadata: { httpStatusCode: 416 },
    });
  });

  it("takes * and a list of ETags in If-Match", async () => {
    expect((await get({ IfMatch: "*" })).ETag).toBe(etagOfA);
    expect((await get({ IfMatch: `"0123", ${etagOfA}` })).ETag).toBe(etagOfA);
  });

  it("holds a head to its conditions too", async () => {
    const head = new HeadObjectCommand({ Bucket: bucket, Key: "a.txt", IfMatch: '"0123"' });
    await expect(folder.client.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
  });

  it("says that ranges are taken, and of what type the content is", async () => {
    expect(await get({})).toMatchObject({ AcceptRanges: "bytes", ContentType: "text/plain" });
  });
});

describe("versions of an object", () => {
  it("keeps the recorded ETag and time while the file is as it was", async () => {
    const object = await folder.client.send(new HeadObjectCommand({ Bucket: bucket, Key: "a.txt" }));
    expect(object).toMatchObject({ ETag: etagOfA, LastModified: modified, ServerSideEncryption: "AES256" });
  });

  it("gives another ETag once the file was written anew, even at the same size", async () => {
    await writeFile(join(folder.path, "changing.txt"), "aaaa");
    const first = await folder.client.send(new HeadObjectCommand({ Bucket: bucket, Key: "changing.txt" }));
    await writeFile(join(folder.path, "changing.txt"), "bbbb");
    await utimes(join(folder.path, "changing.txt"), new Date(), new Date("2035-01-01T00:00:00Z"));
    const request = new GetObjectCommand({ Bucket: bucket, Key: "changing.txt", IfMatch: first.ETag });
    await expect(folder.client.send(request)).rejects.toMatchObject({ name: "PreconditionFailed" });
    await rm(join(folder.path, "changing.txt"));
  });
});

it("refuses writes as not allowed", async () => {
  const request = folder.client.send(new PutObjectCommand({ Bucket: bucket, Key: "new.txt", Body: "x" }));
  await expect(request).rejects.toMatchObject({
    name: "MethodNotAllowed",
    $metadata: { httpStatusCode: 405 },
  });
});

it("refuses other operations by their name, and does not take them for a list", async () => {
  const answer = await fetch(`${folder.url}/${bucket}?acl`);
  expect(answer.status).toBe(501);
  expect(await answer.text()).toContain("<Code>NotImplemented</Code>");
});

it("marks every answer with a request id of its own", async () => {
  const answers = await Promise.all([fetch(`${folder.url}/${bucket}/a.txt`), fetch(`${folder.url}/missing`)]);
  const ids = answers.map(({ headers }) => headers.get("x-amz-request-id"));
  expect(new Set(ids).size).toBe(2);
  expect(await answers[1]?.text()).toContain(`<RequestId>${ids[1]}</RequestId>`);
});
