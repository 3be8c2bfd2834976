import type { StoredObject } from "../stores/store.ts";
import type { ColumnBounds } from "../tables/sure-bounds.ts";
import type { TableField } from "../tables/table-field.ts";
import type { FileStatistics, TableFile } from "../tables/table-snapshot.ts";
import type { ManifestEntry } from "./manifest.ts";
import { boundOf } from "./single-value.ts";

/** What an Iceberg table's manifests say of one of its data files, and of files that name deleted rows of it. */
export function icebergFile(entry: ManifestEntry, deletes: StoredObject[]): TableFile {
  const hasDeletes = deletes.length > 0;
  return {
    key: JSON.stringify([entry.path, deletes.map(({ uri }) => uri)]),
    // Several deletes may name the same row.
    rowCount: () => (hasDeletes ? undefined : entry.rowCount),
    deletedCount: hasDeletes ? undefined : 0,
    statistics: (fields) => statisticsOf(entry, fields),
    ...(hasDeletes ? { positionDeletes: { filePath: entry.path, files: deletes } } : {}),
  };
}

function statisticsOf(entry: ManifestEntry, fields: readonly TableField[]): FileStatistics {
  const least = entry.lowerBounds?.entries();
  const greatest = entry.upperBounds?.entries();
  const nulls = entry.nullCounts?.entries();
  const columns = new Map<string, ColumnBounds>();
  for (const { name, fieldId = -1, type } of fields) {
    if (type.kind !== "plain") continue;
    const min = bound(type.sql, least?.get(fieldId));
    const max = bound(type.sql, greatest?.get(fieldId));
    const nullCount = nulls?.get(fieldId);
    columns.set(name, {
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(typeof nullCount === "bigint" && nullCount >= 0n ? { nullCount: Number(nullCount) } : {}),
    });
  }
  return { rowCount: entry.rowCount, columns };
}

function bound(sql: string, value: unknown): string | number | undefined {
  return Buffer.isBuffer(value) ? boundOf(sql, value) : undefined;
}
