import { randomBytes } from "node:crypto";
import type { Settings } from "./config/schema.ts";
import { confirmWrites } from "./core/confirm-writes.ts";
import { createMemoryWriteRecords } from "./core/memory-write-records.ts";
import type { SealingKeys } from "./core/seal.ts";
import { SharedWriteRecords } from "./core/shared-write-records.ts";
import { allowWrites, type Confirmer, refuseWrites } from "./core/steps.ts";
import type { StateStore } from "./state/store.ts";

/**
 * What stands between writes and their effects. With a shared store and a key any of its servers honours a confirmation, once
 * among them all; else confirmations are good in the process that asked for them.
 */
export function openConfirmer(
  { writes, confirmation }: Pick<Settings, "writes" | "confirmation">,
  items: StateStore,
  now: () => number,
): Confirmer {
  switch (writes) {
    case "off":
      return refuseWrites;
    case "allow":
      return allowWrites;
    case "confirm": {
      const { key, otherKey } = confirmation;
      if (key === undefined || !items.isShared) {
        const keys: SealingKeys = [randomBytes(32).toString("hex")];
        return confirmWrites({ keys, records: createMemoryWriteRecords(now), now });
      }
      const keys: SealingKeys = otherKey === undefined ? [key] : [key, otherKey];
      return confirmWrites({ keys, records: new SharedWriteRecords({ items, keys, now }), now });
    }
  }
}
