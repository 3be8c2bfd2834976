import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cpuMsOf } from "../../test/harness/cpu-time.ts";
import { type Demo, startDemo } from "./start-demo.ts";

let cacheDir: string;
let demo: Demo;
let client: S3Client;
const said: string[] = [];

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "demo-"));
  demo = await startDemo({ cacheDir, log: (message) => said.push(message) });
  client = new S3Client({
    endpoint: demo.s3Endpoint,
    region: demo.region,
    credentials: demo.credentials,
    forcePathStyle: true,
  });
});

afterAll(async () => {
  client.destroy();
  await demo.close();
  await rm(cacheDir, { recursive: true });
});

it("serves every object of its manifest, with the MD5 as ETag", async () => {
  for (const Bucket of demo.buckets) {
    const listed: unknown[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client, pageSize: 20 }, { Bucket })) {
      listed.push(
        ...Contents.map(({ Key, Size, ETag, LastModified }) => [Key, Size, ETag, LastModified?.getTime()]),
      );
    }
    const made = demo.manifest.objects.filter(({ place }) => place === Bucket);
    expect(listed).toEqual(
      made.map(({ key, sizeBytes, md5, modifiedMs }) => [key, sizeBytes, `"${md5}"`, modifiedMs]),
    );
  }
});

it("gives a ticket as it was written", async () => {
  const Key = demo.manifest.facts.tickets.keys[0];
  const { Body } = await client.send(new GetObjectCommand({ Bucket: "demo-lake", Key }));
  expect(await Body?.transformToString()).toContain("Ticket: 48201\nSubject: Parcel stuck for");
});

it("names a local root with files of four kinds", async () => {
  const [root] = demo.localRoots;
  expect(root?.name).toBe("demo-files");
  expect((await readdir(root?.path ?? "")).toSorted()).toEqual([
    "README.txt",
    "exchange_rates.parquet",
    "inventory.tsv",
    "stores.json",
  ]);
});

it("listens on loopback only, and starts again at once without a word", async () => {
  expect(new URL(demo.s3Endpoint).hostname).toBe("127.0.0.1");
  const before = said.length;
  const [lake = ""] = await readdir(cacheDir);
  const made = await stat(join(cacheDir, lake, "manifest.json"));
  const cpuMs = await cpuMsOf(async () => {
    const again = await startDemo({ cacheDir, log: (message) => said.push(message) });
    await again.close();
  });
  expect([before, said.length]).toEqual([1, 1]);
  expect(cpuMs).toBeLessThan(2_000);
  expect((await stat(join(cacheDir, lake, "manifest.json"))).mtimeMs).toBe(made.mtimeMs);
});
