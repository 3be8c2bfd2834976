import { z } from "zod";
import { catalogTable, endpointUrl, sizeBytes } from "./fields.ts";

const gigabyte = 1024 ** 3;

/** `lake.athena`. The engine is there when a workgroup is named. */
export const athenaSettings = z
  .strictObject({
    workgroup: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,128}$/, { error: "is not a workgroup's name" })
      .optional()
      .describe("Athena workgroup that queries run in; naming one sets Athena up"),
    tables: z
      .array(catalogTable)
      .default([])
      .describe("Tables of the Glue catalog that may be read: database.table, or database.*"),
    outputLocation: z
      .string()
      .regex(/^s3:\/\/[^/]+\/(.*\/)?$/, { error: "is not s3://bucket/prefix/" })
      .optional()
      .describe("Where Athena puts results; left out, where the workgroup says"),
    catalog: z.string().min(1).default("AwsDataCatalog").describe("Athena's name of the catalog"),
    region: z.string().min(1).optional().describe("AWS region; left out, the AWS SDK's own chain finds it"),
    endpoint: endpointUrl.optional().describe("URL of a server that speaks Athena's and Glue's protocols"),
    usdPerTib: z
      .number()
      .min(0)
      .max(1_000)
      .default(5)
      .describe(
        "US dollars for a tebibyte scanned, an assumption that costs in results and estimates are worked out by, with no workgroup too; AWS's price differs between regions",
      ),
    maxScanBytes: sizeBytes(1024 ** 2)
      .default(100 * gigabyte)
      .describe("Bytes one query may bill; a query that passes them is stopped"),
    auto: z.boolean().default(false).describe("Let engine auto hand queries to Athena, which costs money"),
  })
  .prefault({});
