import { type ParquetFooter, readParquetFooter } from "../formats/parquet-footer.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";

const rememberedFooters = 2_000;

/** Parquet footers, read once per version of a file. */
export interface Footers {
  /** Throws what `readParquetFooter` does, and `changed`. */
  read(object: StoredObject, scope: LakeScope): Promise<ParquetFooter>;
}

/** Remembers the footers of the 2,000 files last asked for. */
export function createFooters(stores: Stores): Footers {
  const known = new RecentMap<ParquetFooter>(rememberedFooters);
  return {
    async read(object, scope) {
      const key = JSON.stringify([scope.tenantId, object.uri, object.etag, object.sizeBytes]);
      const before = known.get(key);
      if (before) return before;
      const readRange = (start: number, end: number) => bytesOf(stores, object, start, end, scope);
      const footer = await readParquetFooter(readRange, object.sizeBytes);
      known.set(key, footer);
      return footer;
    },
  };
}

async function bytesOf(
  stores: Stores,
  { location, etag }: StoredObject,
  start: number,
  endExclusive: number,
  { signal }: LakeScope,
): Promise<Buffer> {
  const { body } = await stores.read({ location, start, endExclusive, ifMatch: etag }, signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
