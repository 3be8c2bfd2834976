import type { ServiceGuard } from "../core/service-guard.ts";
import { DynamoDbStore } from "./dynamodb-store.ts";
import { guardedStore } from "./guarded-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { RedisStore } from "./redis-store.ts";
import type { StateSettings } from "./settings.ts";
import type { StateStore } from "./store.ts";

export interface StoreDeps {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Stands between a process and a store outside of this process. */
  guard: ServiceGuard;
}

/** The store a process is set to use. Nothing is loaded or connected before its first request. */
export function openStateStore(settings: StateSettings, { now, guard }: StoreDeps): StateStore {
  if (settings.store === "dynamodb") return guardedStore(new DynamoDbStore(settings.dynamodb, now), guard);
  if (settings.store === "redis") return guardedStore(new RedisStore(settings.redis), guard);
  return new MemoryStore({ now });
}
