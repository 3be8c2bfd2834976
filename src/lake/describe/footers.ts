import type { ByteRange } from "../cache/cache.ts";
import { namingFile } from "../datasets/name-file.ts";
import { type ParquetFiles, readLocal, versionKey } from "../datasets/open-parquet.ts";
import { type ParquetFooter, readParquetFooter } from "../formats/parquet-footer.ts";
import { firstTailBytes, isFetchedWhole } from "../formats/parquet-tail.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { StoredObject, Stores } from "../stores/store.ts";

const rememberedFooters = 20_000;

/** Parquet footers, read once per version of a file. */
export interface Footers {
  /** Throws what `readParquetFooter` does, and `changed`. */
  read(object: StoredObject, scope: LakeScope): Promise<ParquetFooter>;
}

/** Remembers the footers of the 20,000 files last asked for. */
export function createFooters({ parquet, stores }: { parquet: ParquetFiles; stores: Stores }): Footers {
  const known = new RecentMap<ParquetFooter>(rememberedFooters);
  return {
    async read(object, scope) {
      const key = versionKey(object, scope);
      const before = known.get(key);
      if (before) return before;
      // What is fetched whole anyway, and much larger than its end, is not begun for its end alone.
      const { location, sizeBytes } = object;
      const isMostlyRows = isFetchedWhole(sizeBytes) && sizeBytes > 2 * firstTailBytes(sizeBytes);
      const isLoose = location.kind === "s3" && isMostlyRows && !parquet.isKnown(object, scope);
      const file = isLoose ? undefined : await parquet.open(object, scope);
      try {
        // Of a file that does not end as Parquet does, the reader says what is wrong.
        const read = (start: number, end: number) =>
          file ? readLocal(file.path, { start, end }) : stored(stores, object, { start, end }, scope);
        const footer = await namingFile(object.uri, () => readParquetFooter(read, object.sizeBytes));
        known.set(key, footer);
        return footer;
      } finally {
        file?.release();
      }
    },
  };
}

function stored(
  stores: Stores,
  { location, etag }: StoredObject,
  { start, end }: ByteRange,
  { signal }: LakeScope,
): Promise<Buffer> {
  return readBytes(stores, { location, start, endExclusive: end, ifMatch: etag }, signal);
}
