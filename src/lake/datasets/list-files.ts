import { ToolError } from "../../core/errors.ts";
import { compareUtf8 } from "../../core/utf8-order.ts";
import type { Location } from "../location.ts";
import type { LakeScope } from "../scope.ts";
import type { ListRequest, Store, StoredObject, Stores } from "../stores/store.ts";
import { nameOf } from "./dataset.ts";
import { mapBounded } from "./map-bounded.ts";

const keysPerPage = 1_000;
/** Objects looked at to find a dataset's files. */
const maxListedObjects = 100_000;
const parallelPages = 8;

/**
 * Every object below a folder or prefix, in the store's order. Where it was listed before, the pages are asked for at
 * once, each from where the one before it ended. Those of each page are shown as it comes. Throws `too_large` past 100,000.
 */
export async function listBelow(
  store: Pick<Stores, "list" | "pageEnds">,
  location: Location,
  scope: LakeScope,
  onPage: (objects: readonly StoredObject[]) => void = () => {},
): Promise<StoredObject[]> {
  const { pageEnds: known } = store;
  const key = JSON.stringify([scope.tenantId, location]);
  const ends = known.get(key) ?? [];
  const counter = createCounter(scope, onPage);
  const found = await mapBounded(["", ...ends], parallelPages, (after, at) =>
    listBetween(store, location, { after, end: ends[at] }, counter, scope),
  );
  const objects = found.flat();
  known.delete(key);
  const isOrdered = objects.every((object, at) => at === 0 || compareNames(objects[at - 1], object) < 0);
  // A store that lists in another order, or did meanwhile, is listed page by page.
  if (!isOrdered) return ends.length > 0 ? listBelow(store, location, scope, onPage) : objects;
  const newEnds = objects.filter((_, at) => at % keysPerPage === keysPerPage - 1).map(nameBelow(location));
  if (location.kind === "s3" && objects.length > keysPerPage) known.set(key, newEnds);
  return objects;
}

/** Objects after one name up to and with another, both relative to the location. */
async function listBetween(
  store: Pick<Store, "list">,
  location: Location,
  { after, end }: { after: string; end: string | undefined },
  counter: ReturnType<typeof createCounter>,
  scope: LakeScope,
): Promise<StoredObject[]> {
  const below = nameBelow(location);
  const isPast = (object: StoredObject) => end !== undefined && compareUtf8(below(object), end) > 0;
  const objects: StoredObject[] = [];
  let request: ListRequest = {
    location,
    maxKeys: keysPerPage,
    ...(after === "" ? {} : { startAfter: after }),
  };
  for (;;) {
    const page = await store.list(request, scope.signal);
    const wanted = page.objects.filter((object) => !isPast(object));
    objects.push(...wanted);
    counter.add(wanted);
    const last = page.objects.at(-1);
    if (page.next === undefined || (last && end !== undefined && compareUtf8(below(last), end) >= 0))
      return objects;
    request = { ...request, after: page.next };
  }
}

function createCounter(scope: LakeScope, onPage: (objects: readonly StoredObject[]) => void) {
  let count = 0;
  return {
    add(more: readonly StoredObject[]) {
      count += more.length;
      onPage(more);
      if (count > maxListedObjects) {
        throw new ToolError(
          "too_large",
          `More than ${maxListedObjects} objects lie below this name. Name a narrower prefix.`,
          { details: { maxListedObjects } },
        );
      }
      scope.progress({ done: count, message: "listing files" });
    },
  };
}

function nameBelow(location: Location): (object: StoredObject) => string {
  const { length } = nameOf(location);
  return (object) => nameOf(object.location).slice(length);
}

/** In the order of S3, which is that of the bytes of UTF-8. Source: S3 ListObjectsV2. */
function compareNames(left: StoredObject | undefined, right: StoredObject): number {
  return left ? compareUtf8(nameOf(left.location), nameOf(right.location)) : -1;
}
