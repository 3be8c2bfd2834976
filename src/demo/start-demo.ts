import { join } from "node:path";
import type { Manifest } from "./data/manifest.ts";
import { openSampleLake, type SampleLake } from "./data/sample-lake.ts";
import type { BucketFolder, RecordedObject } from "./s3-endpoint/bucket-files.ts";
import { startS3Endpoint } from "./s3-endpoint/endpoint.ts";
import { WrittenObjects } from "./s3-endpoint/written-objects.ts";

export interface DemoOptions {
  /** Absolute path of a folder to keep the sample data in, so that later starts need not make it. */
  cacheDir: string;
  /** Told what takes time, in words. */
  log?: (message: string) => void;
  signal?: AbortSignal;
}

/** A running demo: what a configuration needs to use it. */
export interface Demo {
  /** Such as `http://127.0.0.1:34567`; path style. */
  s3Endpoint: string;
  /** Of no worth outside the demo: the endpoint takes any. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  region: string;
  buckets: string[];
  /** `path` is absolute. */
  localRoots: { name: string; path: string }[];
  /** What may be written: the place, as settings name it, and how much of it is kept, in memory. */
  exports: { place: string; maxBytes: number };
  /** What the data holds, known from how it was made. */
  manifest: Manifest;
  close(): Promise<void>;
}

const region = "eu-central-1";
const bucketNames = ["demo-lake", "demo-logs"];
const rootName = "demo-files";
const exports = { bucket: "demo-lake", prefix: "exports/", maxBytes: 64 << 20 };

/** Opens the sample lake, making it at the first start, and serves its buckets on loopback. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { cacheDir, log, signal } = options;
  const lake = await openSampleLake({
    cacheDir,
    onMake: () => log?.("Making the sample data; this takes a few seconds and is done once."),
    ...(signal ? { signal } : {}),
  });
  const endpoint = await startS3Endpoint({
    buckets: bucketNames.map((name) => bucketOf(lake, name)),
    region,
  });
  return {
    s3Endpoint: endpoint.url,
    credentials: { accessKeyId: "SLUICEDEMO", secretAccessKey: "sluice-demo-has-no-secrets" },
    region,
    buckets: bucketNames,
    localRoots: [{ name: rootName, path: join(lake.path, rootName) }],
    exports: { place: `${exports.bucket}/${exports.prefix}`, maxBytes: exports.maxBytes },
    manifest: lake.manifest,
    close: () => endpoint.close(),
  };
}

function bucketOf({ path, manifest }: SampleLake, name: string): BucketFolder {
  const ours = manifest.objects.filter(({ place }) => place === name);
  const recorded = new Map(ours.map(({ key, ...object }): [string, RecordedObject] => [key, object]));
  const folder = { name, path: join(path, name), recorded };
  if (name !== exports.bucket) return folder;
  return { ...folder, writable: { prefix: exports.prefix, objects: new WrittenObjects(exports.maxBytes) } };
}
