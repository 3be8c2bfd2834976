import { ToolError } from "../../core/errors.ts";
import { nameOf } from "../../lake/datasets/dataset.ts";
import { compileGlob } from "../../lake/datasets/glob.ts";
import type { Location } from "../../lake/location.ts";
import type { StoredObject } from "../../lake/stores/store.ts";

/** Filters as the call gives them; times in ISO 8601. */
export interface ObjectFilters {
  glob?: string | undefined;
  minSizeBytes?: number | undefined;
  maxSizeBytes?: number | undefined;
  modifiedAfter?: string | undefined;
  modifiedBefore?: string | undefined;
}

/** Whether an object below `location` is asked for. Throws `invalid_input` for ranges that hold nothing. */
export function objectFilter(location: Location, filters: ObjectFilters): (object: StoredObject) => boolean {
  const { minSizeBytes = 0, maxSizeBytes = Number.POSITIVE_INFINITY } = filters;
  const afterMs =
    filters.modifiedAfter === undefined ? Number.NEGATIVE_INFINITY : Date.parse(filters.modifiedAfter);
  const beforeMs =
    filters.modifiedBefore === undefined ? Number.POSITIVE_INFINITY : Date.parse(filters.modifiedBefore);
  if (minSizeBytes > maxSizeBytes) {
    throw new ToolError(
      "invalid_input",
      `minSizeBytes ${minSizeBytes} is above maxSizeBytes ${maxSizeBytes}.`,
    );
  }
  if (afterMs >= beforeMs) {
    throw new ToolError(
      "invalid_input",
      `modifiedAfter ${filters.modifiedAfter} is not before modifiedBefore ${filters.modifiedBefore}.`,
    );
  }
  const glob = filters.glob === undefined ? undefined : compileGlob(filters.glob);
  return (object) => {
    const modifiedMs = object.lastModified.getTime();
    return (
      object.sizeBytes >= minSizeBytes &&
      object.sizeBytes <= maxSizeBytes &&
      modifiedMs > afterMs &&
      modifiedMs < beforeMs &&
      (glob === undefined || glob.matches(nameBelow(location, object)))
    );
  };
}

/** A local folder may be named with or without its last slash; an S3 prefix is taken as it is. */
function nameBelow(location: Location, { location: of }: StoredObject): string {
  const name = nameOf(of).slice(nameOf(location).length);
  return location.kind === "local" && name.startsWith("/") ? name.slice(1) : name;
}
