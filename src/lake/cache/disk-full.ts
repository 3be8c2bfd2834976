import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { errnoOf } from "../stores/errno.ts";
import type { StoredObject } from "../stores/store.ts";
import type { Space } from "./space.ts";

/**
 * A disk can be full before the cap is reached: then the cache makes room once, and gives up after with
 * `unavailable`. `needBytes` is asked when it comes to that.
 */
export async function makingRoom<T>(
  space: Space,
  object: StoredObject,
  needBytes: () => number,
  make: () => Promise<T>,
): Promise<T> {
  try {
    return await make();
  } catch (thrown) {
    if (!isDiskFull(thrown)) throw thrown;
    if (!(await space.freeDisk(needBytes()))) throw diskFull(object, thrown);
  }
  try {
    return await make();
  } catch (thrown) {
    throw isDiskFull(thrown) ? diskFull(object, thrown) : thrown;
  }
}

/** Also of the error made of it here. */
export function isDiskFull(thrown: unknown): boolean {
  const isFull = (error: unknown) => ["ENOSPC", "EDQUOT"].includes(errnoOf(error) ?? "");
  return isFull(thrown) || (thrown instanceof Error && isFull(thrown.cause));
}

function diskFull({ uri, sizeBytes }: StoredObject, cause: unknown): ToolError {
  return new ToolError(
    "unavailable",
    `The disk of the local cache (lake.cache.dir) has no room for ${quoteName(uri)} (${sizeBytes} bytes). Free some of it, or ask for fewer columns or files.`,
    { cause },
  );
}
