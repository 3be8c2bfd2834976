import { constants } from "node:os";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { cacheDirSetting } from "../settings.ts";
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

/** Also of the errors made of it, here and by query workers. */
export function isDiskFull(thrown: unknown): boolean {
  if (
    thrown instanceof ToolError &&
    thrown.code === "unavailable" &&
    thrown.details.setting === cacheDirSetting
  )
    return true;
  return isFull(thrown) || (thrown instanceof Error && isFull(thrown.cause));
}

/** Also of one who may not have more: that Node knows by its number alone. */
function isFull(error: unknown): boolean {
  if (!(error instanceof Error) || !("errno" in error)) return errnoOf(error) === "ENOSPC";
  return error.errno === -constants.errno.ENOSPC || error.errno === -constants.errno.EDQUOT;
}

function diskFull({ uri, sizeBytes }: StoredObject, cause: unknown): ToolError {
  return new ToolError(
    "unavailable",
    `The disk of the local cache (${cacheDirSetting}) has no room for ${quoteName(uri)} (${sizeBytes} bytes). Free some of it, or ask for fewer columns or files.`,
    { cause, details: { setting: cacheDirSetting } },
  );
}
