import { stat } from "node:fs/promises";
import { lookAgain } from "../../core/look-again.ts";

interface WatchOptions {
  /**
   * Called when one of them is another than before, one call after another. Must not reject. Says whether to be called after the
   * next look whatever is found there.
   */
  changed(): Promise<boolean>;
  /** Called after each look. */
  looked(): void;
  everyMs: number;
}

/** Looks at files again and again, until it is called. Files that are swapped for others, links too, are noticed. */
export function watchFiles(paths: readonly string[], { changed, looked, everyMs }: WatchOptions): () => void {
  let seen: string | undefined;
  let isSettled = false;
  let isStopped = false;
  const look = async () => {
    const found = await signatureOf(paths);
    const isAnother = seen !== undefined && found !== seen;
    seen = found;
    // Times of files are coarse: what is written twice within one tick is read once more.
    const callsAgain = (isAnother || !isSettled) && !isStopped && (await changed());
    isSettled = !isAnother && !callsAgain;
    if (!isStopped) looked();
  };
  const stop = lookAgain(look, everyMs);
  return () => {
    isStopped = true;
    stop();
  };
}

async function signatureOf(paths: readonly string[]): Promise<string> {
  const each = paths.map(async (path) => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join() : "none";
  });
  return (await Promise.all(each)).join(" ");
}
