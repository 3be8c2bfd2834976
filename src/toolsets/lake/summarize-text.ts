import { z } from "zod";
import { notesOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { summarize } from "../../lake/summary/extractive.ts";
import { scopeOf } from "./call-scope.ts";
import { uriInput } from "./dataset-shape.ts";
import { oldSummarize } from "./old-summarize.ts";
import { withOnlyBucket } from "./only-bucket.ts";

/** Sentences of a summary when the caller names no number. */
const defaultSentences = 5;
/** A character takes up to six bytes in JSON. */
const maxBytesPerChar = 6;

/**
 * The sentences of a text that say most of it. Throws not_found, denied, unsupported for what is no text.
 * Source: S3 GetObject; local files.
 */
export const summarizeText = defineTool({
  name: "lake_summarize_text",
  title: "Summarize a text",
  description:
    "Short summary of one text file (tickets, logs, notes; gzip and zstd too) made of its own most telling sentences, with no model: it says so. For tables, call lake_profile_dataset.",
  effect: "read",
  resources: "lake",
  iam: ["s3:GetObject"],
  input: z.strictObject({
    uri: uriInput.describe("s3://bucket/key or local path"),
    maxSentences: z.int().min(1).max(50).default(defaultSentences),
  }),
  output: z.object({
    uri: z.string(),
    summary: z.string(),
    keywords: z.array(z.string()),
    wordCount: z.int(),
    method: z.enum(["extractive", "model"]),
    sizeBytes: z.int(),
    ...notesOut,
  }),
  untrusted: ["summary", "keywords"],
  examples: [
    { title: "A ticket", input: { uri: "s3://demo-lake/support/tickets/ticket-48201.txt", maxSentences: 3 } },
  ],
  aliases: [oldSummarize],
  async handle({ uri: given, maxSentences }, context) {
    const uri = await withOnlyBucket(given, context);
    const text = await context.lake.readText(uri, scopeOf(context));
    const maxChars = context.bounds.maxBytes / maxBytesPerChar;
    const bounds = { maxSentences, maxChars };
    const { summary, keywords, wordCount } = await summarize(text.text, bounds, context.signal);
    return {
      uri,
      summary,
      keywords,
      wordCount,
      method: "extractive" as const,
      sizeBytes: text.object.sizeBytes,
      notes: [
        "Extractive summary: sentences of the text itself, chosen without a model.",
        ...(text.truncated
          ? [`Only the first ${Buffer.byteLength(text.text)} bytes of text were read.`]
          : []),
      ],
    };
  },
});
