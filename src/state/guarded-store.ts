import { ToolError } from "../core/errors.ts";
import type { ServiceGuard, ServiceTarget } from "../core/service-guard.ts";
import type { RemoteStore, StateStore } from "./store.ts";
import { storeUnavailable } from "./unavailable.ts";

/**
 * A store behind the guard of the service it is: while that fails nobody waits for it. One request to the guard is one to
 * the store, with all that it asks the service.
 */
export function guardedStore(store: RemoteStore, guard: ServiceGuard): StateStore {
  const { kind, isShared } = store;
  // Its requests have times of their own, and nobody leaves before.
  const { signal } = new AbortController();
  let target: Promise<ServiceTarget> | undefined;
  const findTarget = () => {
    target ??= store.target().catch((thrown: unknown) => {
      target = undefined;
      throw thrown;
    });
    return target;
  };
  const judge = (thrown: unknown) => {
    if (!(thrown instanceof ToolError)) return "nothing";
    return thrown.cause === undefined ? "answers" : store.judge(thrown.cause);
  };
  const run = async <T>(ask: () => Promise<T>): Promise<T> => {
    let isSent = false;
    const send = () => {
      isSent = true;
      return ask();
    };
    const judged = {
      isFailure: (thrown: unknown) => judge(thrown) === "fails",
      isAnswer: (thrown: unknown) => judge(thrown) === "answers",
    };
    const found = await findTarget();
    try {
      return await guard.run(found, { send, signal, ...judged });
    } catch (thrown) {
      // The guard names the place, which may be an address.
      throw isSent || !(thrown instanceof ToolError) ? thrown : cutOff(kind, thrown);
    }
  };
  return {
    ...{ kind, isShared },
    increment: (key, limits) => run(() => store.increment(key, limits)),
    decrement: (key) => run(() => store.decrement(key)),
    get: (key) => run(() => store.get(key)),
    putIf: (key, item, expected, options) => run(() => store.putIf(key, item, expected, options)),
    delete: (key) => run(() => store.delete(key)),
    check: () => run(() => store.check()),
    close: () => store.close(),
  };
}

function cutOff(kind: string, refusal: ToolError): ToolError {
  const { retryAfterMs } = refusal.details;
  const when = typeof retryAfterMs === "number" ? `in ${Math.ceil(retryAfterMs / 1000)} s` : "later";
  return storeUnavailable(
    `The state store (${kind}) failed, and is not asked for now. Try again ${when}.`,
    refusal,
    refusal.details,
  );
}
