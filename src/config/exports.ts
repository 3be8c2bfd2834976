import { z } from "zod";
import { allowedBucket, durationMs, sizeBytes } from "./fields.ts";

/** The longest a presigned link is good. Source: S3 "Sharing objects with presigned URLs". */
const sevenDaysMs = 7 * 24 * 3_600_000;
const linkLifeMs = durationMs(1_000).refine((ms) => ms <= sevenDaysMs, {
  error: "may be 168h at most, as S3 has it",
});

/** `lake.exports`: where results are written, and how long links to them are good. */
export const exportSettings = z
  .strictObject({
    buckets: z
      .array(allowedBucket)
      .default([])
      .describe("S3 buckets that exports may write to: name, or name/prefix/; the first is the default"),
    expiresMs: linkLifeMs.default(3_600_000).describe("How long the link to an export is good"),
    maxExpiresMs: linkLifeMs.default(12 * 3_600_000).describe("How long a caller may ask a link to be good"),
    maxBytes: sizeBytes(1024)
      .default(1024 ** 3)
      .describe("Size of one exported file"),
    encryption: z
      .enum(["bucket", "AES256", "aws:kms"])
      .default("bucket")
      .describe("Encryption asked of S3; bucket leaves it to the bucket's default"),
    kmsKeyId: z.string().min(1).optional().describe("KMS key of exports, with encryption aws:kms"),
  })
  .prefault({});
