import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import type { RecordedObject } from "../../src/demo/s3-endpoint/bucket-files.ts";
import { startS3Endpoint } from "../../src/demo/s3-endpoint/endpoint.ts";
import type { LinkModel } from "../../src/demo/s3-endpoint/link-model.ts";
import { s3Credentials } from "./s3-server.ts";

/** A folder of files with awkward names, served as bucket `sample` by the demo's S3 endpoint. */
export interface S3Folder {
  /** Absolute path of the folder. */
  path: string;
  url: string;
  client: S3Client;
  close(): Promise<void>;
}

export const bucket = "sample";
export const modified = new Date("2025-03-04T05:06:07Z");
export const contents: Record<string, Buffer> = {
  "a.txt": Buffer.from("one\n"),
  "big.bin": Buffer.alloc(3_000_001, "0123456789abcdefg"),
  "dir/b.txt": Buffer.from("two"),
  "dir/c d+e%20=&.txt": Buffer.from("three"),
  "dir/sub/u.txt": Buffer.from("four"),
  "dir/sub/v.txt": Buffer.from("five"),
  "dirt.txt": Buffer.from("six"),
  "empty.txt": Buffer.alloc(0),
  "odd/<&>'\".txt": Buffer.from("seven"),
  "odd/\uff5e.txt": Buffer.from("eight"),
  "odd/😀.txt": Buffer.from("nine"),
};

export async function startS3Folder(link: LinkModel = {}): Promise<S3Folder> {
  const path = await mkdtemp(join(tmpdir(), "s3-folder-"));
  const recorded = new Map<string, RecordedObject>();
  for (const [key, content] of Object.entries(contents)) {
    await mkdir(dirname(join(path, key)), { recursive: true });
    await writeFile(join(path, key), content);
    await utimes(join(path, key), modified, modified);
    const md5 = createHash("md5").update(content).digest("hex");
    recorded.set(key, { sizeBytes: content.length, modifiedMs: modified.getTime(), md5 });
  }
  const endpoint = await startS3Endpoint({
    buckets: [{ name: bucket, path, recorded }],
    region: "eu-west-1",
    link,
  });
  const client = connectS3(endpoint.url);
  const close = async () => {
    client.destroy();
    await endpoint.close();
    await rm(path, { recursive: true });
  };
  return { path, url: endpoint.url, client, close };
}

/** An SDK client that tries once. */
export function connectS3(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: "eu-west-1",
    credentials: s3Credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
}
