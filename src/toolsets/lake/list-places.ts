import { ToolError } from "../../core/errors.ts";
import type { CallContext } from "../../core/tool.ts";

/** What `lake_list_objects` is given beside its uri. */
interface PlaceRequest {
  limit: number;
  /** Which level to list has no meaning here, and a default. */
  delimiter: string;
  [filter: string]: unknown;
}

/**
 * All places, as the folders one can start from. Throws `invalid_input` for filters, which look below a uri, and
 * `too_large` for more places than `limit`.
 */
export async function listPlaces(
  { limit, delimiter: _level, ...filters }: PlaceRequest,
  { lake, signal }: CallContext,
): Promise<{ objects: []; prefixes: string[]; truncated: false }> {
  const unusable = Object.entries(filters).find(([, value]) => value !== undefined);
  if (unusable) throw new ToolError("invalid_input", `${unusable[0]} needs a uri to look below.`);
  const places = (await lake.stores.places(signal))
    .map(({ uri }) => (uri.endsWith("/") ? uri : `${uri}/`))
    .sort();
  if (places.length > limit) {
    throw new ToolError(
      "too_large",
      `There are ${places.length} places, more than limit ${limit}. Call lake_list_buckets.`,
    );
  }
  return { objects: [], prefixes: places, truncated: false };
}
