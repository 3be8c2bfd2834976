import { createWriteStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DuckDBInstance } from "@duckdb/node-api";

/** What this is asked, one line of JSON each. Cold: the object is fetched first. Warm: the file is there. */
export interface WholeObjectRequest {
  key: string;
  sql: string;
}

/** The plain way: the whole object to disk with the AWS SDK, then DuckDB over the file, everything loaded beforehand. */
const [, , endpoint, cacheDir = ""] = process.argv;
const client = new S3Client({
  ...(endpoint === undefined ? {} : { endpoint }),
  region: "eu-central-1",
  credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  forcePathStyle: true,
});
const folder = await mkdtemp(join(cacheDir, "whole-"));
const connection = await (await DuckDBInstance.create(":memory:")).connect();
const files = new Map<string, string>();

async function fetchWhole(key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: "bench", Key: key }));
  const path = join(folder, key.replaceAll("/", "_"));
  await pipeline(Body as Readable, createWriteStream(path));
  return path;
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { key, sql } = JSON.parse(line) as WholeObjectRequest;
  const startedMs = performance.now();
  const path = files.get(key) ?? (await fetchWhole(key));
  files.set(key, path);
  const reader = await connection.runAndReadAll(sql.replace("{table}", `'${path}'`));
  const rows = reader.getRowsJson();
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - startedMs, rows })}\n`);
}
