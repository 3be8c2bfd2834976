import type { Dataset } from "../datasets/dataset.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { dropClashing } from "../datasets/partition-clash.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import { hasWideDecimal } from "../formats/parquet-wide-decimals.ts";
import type { LakeScope } from "../scope.ts";
import type { Column } from "../sql/engine.ts";
import type { StoredObject } from "../stores/store.ts";
import type { Described } from "./described.ts";
import type { Footers } from "./footers.ts";

/** Footers read for one description. Of more files, evenly spread ones are taken, and rows are an estimate. */
const maxFooters = 256;

/** Schema, rows and layout of Parquet files by their footers alone. */
export async function describeParquet(
  footers: Footers,
  dataset: Dataset,
  scope: LakeScope,
): Promise<Described> {
  const objects = dataset.files.map(({ object }) => object);
  const taken = spread(objects, maxFooters);
  const read = await mapBounded(taken, 16, async (object) => ({
    object,
    footer: await footers.read(object, scope),
  }));
  const isAll = taken.length === objects.length;
  const { columns, notes } = unite(read);
  const clash = dropClashing(columns, dataset.partitionColumns);
  const rowCount = sum(read.map(({ footer }) => footer.rowCount));
  const share = sum(taken.map(({ sizeBytes }) => sizeBytes)) / Math.max(1, dataset.sizeBytes);
  const first = read[0]?.footer;
  return {
    columns: clash.columns,
    rows: isAll
      ? { count: rowCount, exactness: "exact" }
      : { count: Math.round(rowCount / share), exactness: "estimated" },
    parquet: {
      rowGroups: isAll
        ? sum(read.map(({ footer }) => footer.rowGroups))
        : Math.round(sum(read.map(({ footer }) => footer.rowGroups)) / share),
      codecs: [...new Set(read.flatMap(({ footer }) => footer.codecs))].sort(),
      ...(first?.createdBy === undefined ? {} : { createdBy: first.createdBy }),
      version: first?.version ?? 0,
    },
    notes: [
      ...notes,
      ...clash.notes,
      ...(isAll
        ? []
        : [`Rows, row groups and columns are by the footers of ${taken.length} of ${objects.length} files.`]),
    ],
  };
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)] as T);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Columns of all files by name, in the order they first come in. Says where files differ. */
function unite(read: readonly { object: StoredObject; footer: ParquetFooter }[]): {
  columns: Column[];
  notes: string[];
} {
  const columns = new Map<string, Column & { files: number }>();
  const notes: string[] = [];
  for (const { object, footer } of read) {
    for (const { name, type } of footer.columns) {
      const known = columns.get(name.toLowerCase());
      if (!known) columns.set(name.toLowerCase(), { name, type, files: 1 });
      else {
        known.files++;
        if (known.type !== type)
          notes.push(
            `column ${name} is ${known.type} in the first file and ${type} in ${object.uri}: together they are read as a type that holds both`,
          );
      }
    }
  }
  for (const { name, files } of columns.values()) {
    if (files < read.length)
      notes.push(`column ${name} is in ${files} of ${read.length} files; it is NULL in the others`);
  }
  const wide = [...columns.values()].filter(({ type }) => hasWideDecimal(type));
  for (const { name } of wide)
    notes.push(`column ${name} holds decimals of more than 38 digits: its values cannot be read here`);
  return {
    columns: [...columns.values()].map(({ name, type }) => ({ name, type })),
    notes: notes.slice(0, 20),
  };
}
