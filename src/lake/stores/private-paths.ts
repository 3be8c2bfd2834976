import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Folders and files that no caller reads though a root may hold them: what the server keeps there is others' too. */
export interface PrivatePaths {
  /** Whether a path, all links in it resolved, is one of them or lies in one. */
  hold(realPath: string): Promise<boolean>;
}

export interface PrivatePathOptions {
  /** Whether the file system may not tell upper and lower case apart. */
  ignoreCase: boolean;
  /** Of any clock that is never set back. */
  elapsedMs?: () => number;
}

/** Secrets and certificates are exchanged by links: to where they lead is looked at again so often. */
const lookEveryMs = 1_000;
/** A disk of one of them that does not answer must not keep all others from being read. */
const patienceMs = 1_000;

export function createPrivatePaths(
  paths: readonly string[],
  { ignoreCase, elapsedMs = () => performance.now() }: PrivatePathOptions,
): PrivatePaths {
  const folded = (path: string) => `${ignoreCase ? path.toLowerCase() : path}/`;
  let held: readonly string[] | undefined;
  let isLooking = false;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let looked: Promise<unknown> = Promise.resolve();
  // One after the other: a disk that hangs takes one of the few threads that files are opened by, and not all.
  const look = async () => {
    const found: string[] = [];
    for (const path of paths) found.push(folded(await realPathOf(path)));
    held = found;
  };
  return {
    async hold(realPath) {
      if (!isLooking && elapsedMs() - lookedMs >= lookEveryMs) {
        isLooking = true;
        lookedMs = elapsedMs();
        const looking = look().finally(() => {
          isLooking = false;
        });
        looked = held ? Promise.race([looking, sleep(patienceMs, undefined, { ref: false })]) : looking;
      }
      await looked;
      const asked = folded(realPath);
      return held?.some((path) => asked.startsWith(path)) ?? false;
    },
  };
}

/** Of one that is not there, where it would be made. */
async function realPathOf(path: string): Promise<string> {
  const folder = dirname(path);
  return realpath(path).catch(async () =>
    folder === path ? path : join(await realPathOf(folder), basename(path)),
  );
}
