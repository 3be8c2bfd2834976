import { ToolError } from "../../core/errors.ts";
import type { Location } from "../location.ts";
import type { LakeScope } from "../scope.ts";
import type { Store, StoredObject } from "../stores/store.ts";

const keysPerPage = 1_000;
/** Objects looked at to find a dataset's files. */
const maxListedObjects = 100_000;

/** Every object below a folder or prefix, in the store's order. Throws `too_large` past 100,000. */
export async function listBelow(store: Store, location: Location, scope: LakeScope): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  let after: string | undefined;
  do {
    const page = await store.list(
      { location, maxKeys: keysPerPage, ...(after === undefined ? {} : { after }) },
      scope.signal,
    );
    objects.push(...page.objects);
    after = page.next;
    if (objects.length > maxListedObjects) {
      throw new ToolError(
        "too_large",
        `More than ${maxListedObjects} objects lie below this name. Name a narrower prefix.`,
        { details: { maxListedObjects } },
      );
    }
    scope.progress({ done: objects.length, message: "listing files" });
  } while (after !== undefined);
  return objects;
}
