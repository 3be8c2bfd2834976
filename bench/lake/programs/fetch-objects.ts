import { createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";

/** How whole objects are brought: each by one GET, or by ranges in parallel. */
export type FetchWay = "one-get" | "parallel";

const bucket = "bench";
const rangeBytes = 8 * 1024 * 1024;
/** Ranges of an object, or objects of a folder, at once. */
const parallel = 16;
const parallelObjects = 32;

/** Fetches what lies under `key` into `folder` with the AWS SDK, and answers with the path of each object. */
export function createFetcher(endpoint: string, folder: string, way: FetchWay) {
  const client = new S3Client({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
    forcePathStyle: true,
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 64 } },
  });
  const fetchOne = async (key: string) => {
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true });
    await (way === "one-get" ? getWhole(client, key, path) : getRanges(client, key, path));
    return path;
  };
  return {
    object: fetchOne,
    /** A folder's objects, many at once whichever the way: one after another nobody would fetch them. */
    async folder(prefix: string): Promise<string[]> {
      const keys = (await listKeys(client, prefix)).filter((key) => key.endsWith(".parquet"));
      return inParallel(keys, parallelObjects, async (key) => {
        const path = join(folder, key);
        await mkdir(dirname(path), { recursive: true });
        await getWhole(client, key, path);
        return path;
      });
    },
  };
}

async function getWhole(client: S3Client, key: string, path: string): Promise<void> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  await pipeline(Body as Readable, createWriteStream(path));
}

async function getRanges(client: S3Client, key: string, path: string): Promise<void> {
  const { ContentLength = 0, ETag } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  const file = await open(path, "w");
  try {
    const starts = Array.from({ length: Math.ceil(ContentLength / rangeBytes) }, (_, at) => at * rangeBytes);
    await inParallel(starts, parallel, async (start) => {
      const last = Math.min(start + rangeBytes, ContentLength) - 1;
      const { Body } = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${start}-${last}`, IfMatch: ETag }),
      );
      await writeAt(file, Body as Readable, start);
    });
  } finally {
    await file.close();
  }
}

async function writeAt(file: FileHandle, body: Readable, start: number): Promise<void> {
  let position = start;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    await file.write(chunk, 0, chunk.length, position);
    position += chunk.length;
  }
}

async function listKeys(client: S3Client, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let token: string | undefined; ; ) {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
    token = page.NextContinuationToken;
    if (token === undefined) return keys;
  }
}

async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const runs = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    while (next < items.length) {
      const at = next++;
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  });
  await Promise.all(runs);
  return results;
}
