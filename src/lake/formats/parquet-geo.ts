import type { KeyValue } from "hyparquet";
import { z } from "zod";
import { jsonIn } from "../../core/json-in.ts";

const geoMetadata = z.object({ columns: z.record(z.string(), z.object({ encoding: z.string() })) });

/**
 * Columns that GeoParquet's metadata declares as WKB: DuckDB reads them as geometries. Metadata that is no
 * GeoParquet declares none. Source: GeoParquet 1.1, "Column metadata".
 */
export function geometryColumns(metadata: readonly KeyValue[] | undefined): ReadonlySet<string> {
  const parsed = geoMetadata.safeParse(jsonIn(metadata?.find(isGeo)?.value));
  if (!parsed.success) return new Set();
  const columns = Object.entries(parsed.data.columns);
  return new Set(columns.filter(([, { encoding }]) => encoding === "WKB").map(([name]) => name));
}

/** Valid or not: DuckDB refuses files whose GeoParquet metadata is not as it should be. */
export function hasGeoMetadata(metadata: readonly KeyValue[] | undefined): boolean {
  return metadata?.some(isGeo) ?? false;
}

/** Whether a footer's bytes may hold such metadata: the key as Thrift writes it. */
export function hasGeoKey(footer: Uint8Array): boolean {
  return Buffer.from(footer.buffer, footer.byteOffset, footer.byteLength).includes(
    "\x18\x03geo",
    0,
    "latin1",
  );
}

function isGeo({ key }: KeyValue): boolean {
  return key === "geo";
}
