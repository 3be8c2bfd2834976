import type { Redis } from "ioredis";
import { z } from "zod";
import type { ServiceTarget } from "../core/service-guard.ts";
import { checkItem, checkKey } from "./bounds.ts";
import { scripts } from "./redis-scripts.ts";
import type { RedisSettings } from "./settings.ts";
import type { Counted, PutResult, RemoteStore, StateItem, StateKey } from "./store.ts";
import { answered } from "./unavailable.ts";

/** Milliseconds. */
const timeouts = { connectMs: 1_000, commandMs: 2_000, longestPauseMs: 1_000 };

const countedReply = z.tuple([z.int(), z.int()]);
const putReply = z.tuple([z.int()], z.string().nullable());

/** A store in Redis 6 or later, or Valkey. Every change is one script, and sent once. */
export class RedisStore implements RemoteStore {
  readonly kind = "redis";
  readonly isShared = true;
  readonly #settings: RedisSettings;
  #opened: Promise<Redis> | undefined;

  /** Connects with the first request. */
  constructor(settings: RedisSettings) {
    this.#settings = settings;
  }

  async increment(
    key: StateKey,
    { most, expiresAtMs }: { most: number; expiresAtMs: number },
  ): Promise<Counted> {
    const [isAccepted, count] = countedReply.parse(await this.#run("increment", key, most, expiresAtMs));
    return { isAccepted: isAccepted === 1, count };
  }

  async decrement(key: StateKey): Promise<void> {
    await this.#run("decrement", key);
  }

  async get(key: StateKey): Promise<string | undefined> {
    const name = nameOf(key);
    return (await this.#send((redis) => redis.get(name))) ?? undefined;
  }

  async putIf(key: StateKey, item: StateItem, expected: string | undefined): Promise<PutResult> {
    checkItem(item);
    const expectation = expected === undefined ? ["none"] : ["value", expected];
    const reply = await this.#run("putIf", key, item.value, item.expiresAtMs, ...expectation);
    const [isDone, current] = putReply.parse(reply);
    if (isDone === 1) return { isDone: true };
    return { isDone: false, ...(typeof current === "string" && { current }) };
  }

  async delete(key: StateKey): Promise<void> {
    const name = nameOf(key);
    await this.#send((redis) => redis.del(name));
  }

  async check(): Promise<void> {
    await this.#send((redis) => redis.ping());
  }

  async target(): Promise<ServiceTarget> {
    return { service: this.kind, region: new URL(this.#settings.url).host };
  }

  /** What Redis refuses, it answers. */
  judge(cause: unknown): "fails" | "answers" {
    return cause instanceof Error && cause.name === "ReplyError" ? "answers" : "fails";
  }

  async close(): Promise<void> {
    const redis = await this.#opened?.catch(() => undefined);
    redis?.disconnect();
  }

  #run(script: keyof typeof scripts, key: StateKey, ...values: (string | number)[]): Promise<unknown> {
    const name = nameOf(key);
    const { lua, numberOfKeys } = scripts[script];
    return this.#send((redis) => redis.eval(lua, numberOfKeys, name, ...values));
  }

  #send<T>(request: (redis: Redis) => Promise<T>): Promise<T> {
    return answered(this.kind, async () => {
      this.#opened ??= openClient(this.#settings);
      return request(await this.#opened);
    });
  }
}

/** Braces keep a tenant's keys together in a cluster; escaping keeps one tenant's from reading as another's. */
function nameOf(key: StateKey): string {
  checkKey(key);
  return `sluice:{${encodeURIComponent(key.tenantId)}}:${key.name}`;
}

async function openClient({ url, username, password }: RedisSettings): Promise<Redis> {
  const { default: ioredis } = await import("ioredis");
  const client = new ioredis.Redis(url, {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    connectTimeout: timeouts.connectMs,
    commandTimeout: timeouts.commandMs,
    // A request that broke off may have been done: sending it again by itself would count twice.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(attempt * 100, timeouts.longestPauseMs),
  });
  // Each request says for itself what failed.
  client.on("error", () => {});
  return client;
}
