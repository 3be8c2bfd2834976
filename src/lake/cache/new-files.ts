import { open, openSync } from "node:fs";
import { promisify } from "node:util";
import { errnoOf } from "../stores/errno.ts";
import type { CacheFolder } from "./folder.ts";

const openLater: (path: string, flags: string, mode: number) => Promise<number> = promisify(open);

/** Opens a file that is not there yet, to be written by whoever asked and read by all. Rejects with the system's own errors. */
export async function openNew(
  { opens, restore }: Pick<CacheFolder, "opens" | "restore">,
  path: string,
): Promise<number> {
  const make = () =>
    opens.do(
      () => openSync(path, "wx", 0o400),
      () => openLater(path, "wx", 0o400),
    );
  try {
    return await make();
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    await restore();
    return make();
  }
}
