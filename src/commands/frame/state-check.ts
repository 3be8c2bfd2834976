import type { Dependency } from "../../adapters/http/health.ts";
import type { StateStore } from "../../state/store.ts";

/** Whether the shared store answers. Calls that are counted in it are refused while it does not. */
export async function checkStateStore(store: StateStore): Promise<Dependency[]> {
  if (!store.isShared) return [];
  try {
    await store.check();
    return [{ name: "state", ready: true }];
  } catch {
    return [{ name: "state", ready: false, detail: `state.store (${store.kind}) does not answer` }];
  }
}
