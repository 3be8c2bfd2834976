import type { PinnedFile } from "../cache/cache.ts";

/** Local files one call holds on to. `releaseAll` belongs in a `finally`. */
export interface Pins {
  add(release: () => void | Promise<void>): void;
  /** Has `verifyAll` ask whether the file is still what was opened. */
  addVerified(file: PinnedFile): void;
  /** To be asked once all was read. Throws `changed`. */
  verifyAll(): Promise<void>;
  releaseAll(): Promise<void>;
}

/** Files pinned after `releaseAll` (by work that outlived its call) are released at once. */
export function createPins(): Pins {
  const releases: (() => void | Promise<void>)[] = [];
  const verified: PinnedFile[] = [];
  let closed = false;
  return {
    add(release) {
      if (closed) void release();
      else releases.push(release);
    },
    addVerified(file) {
      if (file.verify) verified.push(file);
      this.add(file.close ?? file.release);
    },
    async verifyAll() {
      await Promise.all(verified.map((file) => file.verify?.()));
    },
    async releaseAll() {
      closed = true;
      await Promise.allSettled(releases.splice(0).map(async (release) => release()));
    },
  };
}
