import { jsonSizeBytes } from "../../core/results.ts";
import type { Location } from "../../lake/location.ts";
import type { ListPage, Store, StoredObject } from "../../lake/stores/store.ts";

/** Objects looked at for one page; with narrow filters few of them are in it. */
export const maxExamined = 20_000;
const keysPerRequest = 1_000;

/** Where a listing goes on: the store's page to ask again, and the last name given out of it. */
export interface ListPosition {
  after?: string | undefined;
  last?: string | undefined;
}

export interface ObjectPageRequest {
  location: Location;
  delimiter: "/" | undefined;
  wanted(object: StoredObject): boolean;
  from: ListPosition;
  maxItems: number;
  maxBytes: number;
}

export interface ObjectPage {
  objects: StoredObject[];
  prefixes: string[];
  /** Present when more may follow. */
  next?: ListPosition;
  /** Objects looked at. */
  examined: number;
}

type Entry = { uri: string; object?: StoredObject };

/**
 * Walks a store's pages until `maxItems`, `maxBytes`, or 20,000 objects looked at. A page can end inside a
 * store's page: it is asked for again then, and what was given out is skipped by name.
 */
export async function collectObjects(
  store: Store,
  request: ObjectPageRequest,
  signal: AbortSignal,
): Promise<ObjectPage> {
  const page: ObjectPage = { objects: [], prefixes: [], examined: 0 };
  let usedBytes = 0;
  let { after, last } = request.from;
  for (;;) {
    const stored = await store.list(storeRequest(request, after), signal);
    for (const entry of entriesAfter(stored, last)) {
      const counts = !entry.object || request.wanted(entry.object);
      const sizeBytes = counts ? jsonSizeBytes(entry) : 0;
      const given = page.objects.length + page.prefixes.length;
      const full =
        counts && (given >= request.maxItems || (given > 0 && usedBytes + sizeBytes > request.maxBytes));
      if (full || page.examined >= maxExamined) return { ...page, next: { after, last } };
      page.examined++;
      last = entry.uri;
      if (!counts) continue;
      usedBytes += sizeBytes;
      if (entry.object) page.objects.push(entry.object);
      else page.prefixes.push(entry.uri);
    }
    if (stored.next === undefined) return page;
    after = stored.next;
    last = undefined;
  }
}

function storeRequest({ location, delimiter }: ObjectPageRequest, after: string | undefined) {
  return {
    location,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(after === undefined ? {} : { after }),
    maxKeys: keysPerRequest,
  };
}

/** Objects and prefixes of a store's page in the order of their names, from after `last`. */
function entriesAfter({ objects, prefixes }: ListPage, last: string | undefined): Entry[] {
  const entries: Entry[] = [
    ...objects.map((object) => ({ uri: object.uri, object })),
    ...prefixes.map((uri) => ({ uri })),
  ];
  const keyed = entries.map((entry) => ({ entry, bytes: Buffer.from(entry.uri) }));
  keyed.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const lastBytes = last === undefined ? undefined : Buffer.from(last);
  return keyed
    .filter(({ bytes }) => lastBytes === undefined || Buffer.compare(bytes, lastBytes) > 0)
    .map(({ entry }) => entry);
}
