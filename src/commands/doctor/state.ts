import { ToolError } from "../../core/errors.ts";
import type { StateStore } from "../../state/store.ts";
import { type Check, failed, ok, wordsOf } from "./check.ts";

const mends: Record<StateStore["kind"], string> = {
  memory: "",
  dynamodb:
    "Check state.dynamodb, its table (partition key tenant_id, sort key item), and that the server may read and write it.",
  redis: "Check state.redis.url, its user and password, and the network.",
};

/** Asks the shared store for one item. A store of this process alone needs no look. */
export async function checkState(store: StateStore): Promise<Check[]> {
  if (!store.isShared) return [];
  const name = `state in ${store.kind}`;
  try {
    await store.check();
    return [ok(name, "answers")];
  } catch (thrown) {
    const reason = thrown instanceof ToolError && thrown.cause !== undefined ? thrown.cause : thrown;
    return [failed(name, wordsOf(reason), mends[store.kind])];
  }
}
