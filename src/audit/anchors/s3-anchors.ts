import type { ListObjectVersionsCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { canonicalJson } from "../record/canonical-json.ts";
import type { S3AnchorSettings } from "../settings.ts";
import { makeAnchorClient } from "./anchor-client.ts";
import type { AnchorStore, ChainAnchors } from "./anchors.ts";

/** An object is kept for years: its price asks for fewer anchors than a line of a file. */
const everyMs = 300_000;
const everyRecords = 10_000;

/**
 * Keeps each anchor as an object of its own, locked until its records have expired (S3 Object Lock). Number and hash stand
 * in the key, so that they are read by listing: all versions, as a deleted object is only hidden. Needs `s3:PutObject`,
 * `s3:PutObjectRetention` and, to verify, `s3:ListBucketVersions`.
 */
export function createS3Anchors(settings: S3AnchorSettings): AnchorStore {
  const { bucket, prefix, lock, retentionDays } = settings;
  let made: Promise<S3Client> | undefined;
  const client = () => {
    made ??= makeAnchorClient(settings);
    return made;
  };
  return {
    place: `s3://${bucket}/${prefix}`,
    everyRecords,
    everyMs,
    async write(anchor) {
      const { PutObjectCommand } = await import("@aws-sdk/client-s3");
      const { chain, sequence, hash, time } = anchor;
      const until = new Date(Date.parse(time) + retentionDays * 86_400_000);
      const request = {
        Bucket: bucket,
        Key: `${prefix}${chain}/${String(sequence).padStart(16, "0")}-${hash}`,
        Body: canonicalJson({ chain, sequence, hash, time }),
        ContentType: "application/json",
        ...(lock === "none" ? {} : { ObjectLockMode: lock, ObjectLockRetainUntilDate: until }),
      };
      await (await client()).send(new PutObjectCommand(request));
    },
    async read() {
      const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
      const found = new Map<string, ChainAnchors>();
      let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
      while (next) {
        const request = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...next });
        const page: ListObjectVersionsCommandOutput = await (await client()).send(request);
        take(page, settings, found);
        const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
        next = IsTruncated ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined;
      }
      return found;
    },
  };
}

const anchorKey = /^([^/]+)\/(\d{16})-([0-9a-f]{64})$/;

function take(
  { Versions = [] }: ListObjectVersionsCommandOutput,
  { bucket, prefix }: S3AnchorSettings,
  found: Map<string, ChainAnchors>,
): void {
  for (const { Key = "", LastModified } of Versions) {
    const [, chain, sequence, hash] = anchorKey.exec(Key.slice(prefix.length)) ?? [];
    if (chain === undefined || hash === undefined) continue;
    const known = found.get(chain) ?? { place: `s3://${bucket}/${prefix}${chain}/`, anchors: [], bad: [] };
    known.anchors.push({
      chain,
      sequence: Number(sequence),
      hash,
      time: (LastModified ?? new Date(0)).toISOString(),
    });
    found.set(chain, known);
  }
}
