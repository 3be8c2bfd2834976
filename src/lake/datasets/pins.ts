/** Local files one call holds on to. `releaseAll` belongs in a `finally`. */
export interface Pins {
  add(release: () => void | Promise<void>): void;
  releaseAll(): Promise<void>;
}

/** Files pinned after `releaseAll` (by work that outlived its call) are released at once. */
export function createPins(): Pins {
  const releases: (() => void | Promise<void>)[] = [];
  let closed = false;
  return {
    add(release) {
      if (closed) void release();
      else releases.push(release);
    },
    async releaseAll() {
      closed = true;
      await Promise.allSettled(releases.splice(0).map(async (release) => release()));
    },
  };
}
