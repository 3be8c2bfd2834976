import type { StateStore } from "./store.ts";

/** What a store may be asked to do, by the requests that do it. */
export type StoreAct = "put" | "get" | "update" | "delete";

/** A store that refused what servers ask of it. `cause` says why. */
export class ProbeFault extends Error {
  readonly act: StoreAct;
  constructor(act: StoreAct, cause: unknown) {
    super(`It does not ${act} an item.`, { cause });
    this.act = act;
  }
}

const probeMs = 60_000;

/**
 * Puts, reads, counts and removes items of its own, as servers do. Throws `ProbeFault` for the first that fails; what it
 * put is removed all the same, or ends by itself within a minute.
 */
export async function probeStore(store: StateStore, id: string, now: () => number): Promise<void> {
  const item = { tenantId: "default", name: `doctor/${id}` };
  const counter = { tenantId: "default", name: `doctor/${id}/count` };
  const expiresAtMs = now() + probeMs;
  const count = () => store.increment(counter, { most: 2, expiresAtMs });
  try {
    await tried("put", () => store.putIf(item, { value: id, expiresAtMs }, undefined));
    await tried("get", async () => {
      if ((await store.get(item)) !== id) throw new Error("What was put just now is not there.");
    });
    await tried("update", async () => {
      const counts = [(await count()).count, (await count()).count];
      if (counts.join() !== "1,2") throw new Error(`It counted ${counts.join(", ")} in place of 1, 2.`);
    });
    await tried("delete", () => store.delete(item));
  } finally {
    await Promise.allSettled([store.delete(item), store.delete(counter)]);
  }
}

async function tried(act: StoreAct, ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw new ProbeFault(act, cause);
  }
}
