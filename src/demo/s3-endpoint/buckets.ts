import { stat } from "node:fs/promises";
import type { BucketFolder } from "./bucket-files.ts";
import { readCount } from "./request.ts";
import { S3Error } from "./s3-error.ts";
import { document, element } from "./xml.ts";

/** The bucket of that name. Throws `NoSuchBucket`. */
export function findBucket(buckets: readonly BucketFolder[], name: string): BucketFolder {
  const bucket = buckets.find((candidate) => candidate.name === name);
  if (bucket) return bucket;
  throw new S3Error(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: name });
}

/** Answers ListBuckets, with its prefix and its pages. */
export async function listBuckets(
  buckets: readonly BucketFolder[],
  region: string,
  query: URLSearchParams,
): Promise<string> {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const maxBuckets = readCount(query, "max-buckets", 1, 10_000);
  const found = buckets
    .filter(({ name }) => name.startsWith(prefix) && name > after)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const page = await Promise.all(found.slice(0, maxBuckets).map((bucket) => bucketElement(bucket, region)));
  const last = found.length > maxBuckets ? found[maxBuckets - 1] : undefined;
  return document(
    "ListAllMyBucketsResult",
    [
      `<Owner>${element("ID", "sluice-demo")}</Owner>`,
      `<Buckets>${page.join("")}</Buckets>`,
      prefix && element("Prefix", prefix),
      last ? element("ContinuationToken", last.name) : "",
    ].join(""),
  );
}

async function bucketElement({ name, path }: BucketFolder, region: string): Promise<string> {
  const { birthtime } = await stat(path);
  const fields = [
    element("Name", name),
    element("CreationDate", birthtime.toISOString()),
    element("BucketRegion", region),
  ];
  return `<Bucket>${fields.join("")}</Bucket>`;
}

/** Answers GetBucketLocation. us-east-1 is the empty one, from the time when there was no other. */
export function bucketLocation(region: string): string {
  return document("LocationConstraint", region === "us-east-1" ? "" : region);
}
