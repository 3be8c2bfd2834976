import { z } from "zod";
import { notesOut, pageOut, requestCursors } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { checkLimit } from "./call-scope.ts";
import { uriInput } from "./dataset-shape.ts";
import { listPlaces } from "./list-places.ts";
import { objectFilter } from "./object-filter.ts";
import { collectObjects, maxExamined } from "./object-page.ts";
import { oldListObjects } from "./old-list.ts";

const listPlace = { after: z.string().optional(), last: z.string().optional() };

const isoTime = z.iso.datetime({ offset: true });
/** Checked beside the schema: the pattern alone would take 200 tokens of every list of tools, twice. */
const time = z
  .string()
  .refine(
    (text) => isoTime.safeParse(text).success,
    "not an ISO 8601 time with its zone, like 2025-01-31T00:00:00Z",
  )
  .meta({ format: "date-time" });

const input = z.strictObject({
  uri: uriInput.optional().describe("s3://bucket/, s3://bucket/prefix or local folder/; none: all places"),
  delimiter: z.enum(["/", ""]).default("/").describe("/ one level, '' all levels"),
  glob: z.string().min(1).max(1_024).optional().describe("Below uri, all levels: **/*.csv"),
  minSizeBytes: z.int().min(0).optional(),
  maxSizeBytes: z.int().min(0).optional(),
  modifiedAfter: time.optional(),
  modifiedBefore: time.optional(),
  limit: z.int().min(1).max(1_000).default(100),
  cursor: z.string().max(8_192).optional(),
});

/**
 * One page of objects and of folders below a name. Throws not_found, denied, throttled, unavailable.
 * Source: S3 ListObjectsV2; local folders.
 */
export const listObjects = defineTool({
  name: "lake_list_objects",
  title: "List objects",
  description:
    "Objects and folders below a bucket, prefix or local folder, by name, with glob, size and time filters. For schema and rows of one, call lake_get_metadata or lake_read_rows.",
  effect: "read",
  resources: "lake",
  iam: ["s3:ListBucket"],
  input,
  output: z.object({
    objects: z.array(
      z.object({
        uri: z.string(),
        sizeBytes: z.int(),
        lastModified: z.string(),
        storageClass: z.string().optional(),
      }),
    ),
    prefixes: z.array(z.string()),
    ...pageOut,
    ...notesOut,
  }),
  untrusted: ["objects", "prefixes"],
  examples: [
    { title: "One level of a bucket", input: { uri: "s3://demo-lake/" } },
    {
      title: "Large Parquet files below",
      input: { uri: "s3://demo-lake/", glob: "**/*.parquet", minSizeBytes: 10000 },
    },
  ],
  aliases: [oldListObjects],
  async handle(request, context) {
    const { uri, cursor, limit, ...filters } = request;
    if (uri === undefined) return listPlaces({ limit, cursor, ...filters }, context);
    const location = context.lake.stores.resolve(uri);
    const { tenantId, id } = context.principal;
    const cursors = requestCursors([uri, filters, tenantId, id], listPlace);
    const from = cursor === undefined ? {} : cursors.decode(cursor);
    const delimiter = filters.glob === undefined && filters.delimiter === "/" ? "/" : undefined;
    const page = await collectObjects(
      context.lake.stores,
      {
        location,
        delimiter,
        wanted: objectFilter(location, filters),
        from,
        maxItems: checkLimit(limit, context),
        maxBytes: context.bounds.maxBytes,
      },
      context.signal,
    );
    return {
      objects: page.objects.map(({ uri, sizeBytes, lastModified, storageClass }) => ({
        uri,
        sizeBytes,
        lastModified: lastModified.toISOString(),
        ...(storageClass === undefined ? {} : { storageClass }),
      })),
      prefixes: page.prefixes,
      truncated: page.next !== undefined,
      ...(page.next ? { cursor: cursors.encode(page.next) } : {}),
      ...(page.examined >= maxExamined
        ? { notes: [`Looked at ${maxExamined} objects; the cursor goes on.`] }
        : {}),
    };
  },
});
