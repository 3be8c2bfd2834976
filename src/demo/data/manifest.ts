import { z } from "zod";
import { placeNames } from "./data-file.ts";

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);

/** What is known of the sample lake from how it was made, without any reader having looked at it. */
export const manifestSchema = z.object({
  /** Other data has another version. */
  version: z.int(),
  objects: z.array(
    z.object({
      place: z.enum(placeNames),
      key: z.string(),
      sizeBytes: count,
      /** Milliseconds since the epoch. */
      modifiedMs: z.number(),
      md5: z.string(),
    }),
  ),
  facts: z.object({
    orders: z.object({
      rows: count,
      files: count,
      rowsByMonth: counts,
      rowsByStatus: counts,
      total: z.string(),
      items: count,
      ordersWithCoupon: count,
      notShipped: count,
      firstOrderId: count,
      lastOrderId: count,
    }),
    customers: z.object({
      goodRows: count,
      raggedRows: count,
      raggedLines: z.array(count),
      multilineRows: count,
      postalCode00501Rows: count,
      columns: z.array(z.string()),
    }),
    shipments: z.object({ rowsByVersion: z.array(count) }),
    events: z.object({
      rows: count,
      firstDate: z.string(),
      lastDate: z.string(),
      rowsByDate: counts,
      rowsByType: counts,
    }),
    products: z.object({ products: count, categories: z.array(z.string()) }),
    tickets: z.object({ files: count, keys: z.array(z.string()), hostileKey: z.string() }),
    finance: z.object({
      rows: count,
      encoding: z.literal("latin-1"),
      separator: z.literal(";"),
      decimalSeparator: z.literal(","),
      columns: z.array(z.string()),
      totalCents: z.int(),
    }),
    logs: z.object({
      appFiles: count,
      appLines: count,
      appErrors: count,
      accessFiles: count,
      accessLines: count,
      accessServerErrors: count,
    }),
    local: z.object({ inventoryRows: count, inventoryUnits: count, stores: count, exchangeRateRows: count }),
  }),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestObject = Manifest["objects"][number];
