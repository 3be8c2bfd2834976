import { z } from "zod";
import { leastRetentionDays } from "../core/least-retention.ts";
import { durationMs, dynamoDbPlace, endpointUrl, sizeBytes, tableName } from "./fields.ts";

/** Where records are relayed to beside the journal. */
const sinks = ["postgresql", "cloudwatch", "stdout"] as const;

const sink = z.enum(sinks, {
  error: ({ input }) => `${JSON.stringify(input)} is none of ${sinks.join(", ")}`,
});

const anchorUri = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/(.*\/)?$/;

const folder = z.string().min(1);

const databaseUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^postgres(ql)?:$/.test(url.protocol) && url.username !== "") return;
  context.addIssue({ code: "custom", message: "is not postgresql://user:password@host/database" });
});

const tooShort = ({ input }: { input?: unknown }) =>
  `${JSON.stringify(input)} days are too few: audit records are kept for ${leastRetentionDays} days or more`;

/** `audit`. Calls are recorded when a journal's folder is named. */
export const auditSettings = z
  .strictObject({
    journalDir: folder
      .optional()
      .describe("Folder of the audit journal; without it and audit.dynamodb.table, calls are not recorded"),
    anchor: folder
      .refine((place) => !/^s3:/i.test(place) || anchorUri.test(place), {
        error: "is not s3://bucket/prefix/",
      })
      .optional()
      .describe(
        "Where heads of the journal's or the table's chains are kept: a folder on another disk, or s3://bucket/prefix/",
      ),
    anchorLock: z
      .enum(["compliance", "governance", "none"])
      .default("compliance")
      .describe("S3 Object Lock of anchors in S3, for audit.retentionDays"),
    rotateBytes: sizeBytes(64 * 1024)
      .default(64 * 1024 ** 2)
      .describe("Size at which a file of the journal is closed; so is it when its UTC day is over"),
    retentionDays: z
      .int()
      .min(leastRetentionDays, { error: tooShort })
      .max(36_500)
      .default(365)
      .describe(
        `Days that records are kept in the journal or the table, and their anchors locked; ${leastRetentionDays} or more`,
      ),
    sinks: z
      .array(sink)
      .default([])
      .describe(
        `Where records are relayed to: ${sinks.join(", ")}; those of a table to the first two by sluice audit relay`,
      ),
    postgresql: z
      .strictObject({
        url: databaseUrl.optional().meta({
          description: "postgresql://… of the role that inserts; best as secret://…",
          writeOnly: true,
        }),
        ownerUrl: databaseUrl.optional().meta({
          description: "postgresql://… of the role that owns the schema, for sluice audit migrate only",
          writeOnly: true,
        }),
        schema: z
          .string()
          .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: "holds small letters, digits and _ only" })
          .default("sluice_audit")
          .describe("Schema of the records"),
      })
      .prefault({}),
    dynamodb: z
      .strictObject({
        table: tableName
          .optional()
          .describe(
            "DynamoDB table that records are kept in, in place of audit.journalDir: where the local disk does not last",
          ),
        ...dynamoDbPlace,
        anchorEveryMs: durationMs(0)
          .default(30_000)
          .describe("How often the heads of the table's chains are anchored at most; 0 for after each call"),
      })
      .prefault({}),
    cloudwatch: z
      .strictObject({
        logGroup: z
          .string()
          .regex(/^[A-Za-z0-9._/#-]{1,512}$/, { error: "is not a log group's name" })
          .optional()
          .describe("CloudWatch log group of the records; it must exist, its streams are made"),
        region: z
          .string()
          .min(1)
          .optional()
          .describe("AWS region; left out, the AWS SDK's own chain finds it"),
        endpoint: endpointUrl.optional().describe("URL of a server that speaks CloudWatch Logs' protocol"),
      })
      .prefault({}),
  })
  .prefault({});

/** What is wrong with the group as a whole: which setting of it, and why. */
export function wrongAudit({
  journalDir,
  anchor,
  sinks,
  postgresql,
  cloudwatch,
  dynamodb,
}: z.output<typeof auditSettings>): { path: string[]; message: string } | undefined {
  if (journalDir !== undefined && dynamodb.table !== undefined)
    return {
      path: ["dynamodb", "table"],
      message: "is set beside audit.journalDir: records are kept in one of them",
    };
  if (
    journalDir === undefined &&
    dynamodb.table === undefined &&
    (anchor !== undefined || sinks.length > 0)
  ) {
    const message =
      "and audit.dynamodb.table are missing: what is anchored and relayed is a journal or a table";
    return { path: ["journalDir"], message };
  }
  if (anchor !== undefined && anchor === journalDir)
    return { path: ["anchor"], message: "must be another folder than audit.journalDir" };
  if (sinks.includes("postgresql") && postgresql.url === undefined)
    return { path: ["postgresql", "url"], message: "is missing: the sink postgresql needs it" };
  if (sinks.includes("cloudwatch") && cloudwatch.logGroup === undefined)
    return { path: ["cloudwatch", "logGroup"], message: "is missing: the sink cloudwatch needs it" };
  return undefined;
}
