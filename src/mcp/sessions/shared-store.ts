import type { LoggingLevel } from "@modelcontextprotocol/server";
import { z } from "zod";
import { SharedEvents, type WrittenStreams } from "./shared-events.ts";
import { changeItem, type SharedItems } from "./shared-items.ts";
import { SharedMail } from "./shared-mail.ts";
import { SharedOwners } from "./shared-owners.ts";
import type { Letter, Mail, SessionRecord, SessionStore, SessionStores, StreamTail } from "./store.ts";

export interface SharedStoreOptions {
  items: SharedItems;
  /** A session unused for this long is forgotten. Default 30 min. */
  idleMs?: number;
  /** Sessions of one owner. Default 1,000, which is what one item holds. */
  maxPerOwner?: number;
  /** A session used within this time makes room for none. Default 5 min. */
  keepMs?: number;
  /** Bytes of events kept per response stream. Default 2 MiB. */
  maxEventBytes?: number;
  /** Milliseconds since the epoch; the store's clock should agree to the second. */
  now(): number;
}

type Bounds = Required<SharedStoreOptions> & { noteMs: number };

/** Legacy sessions in a store that servers share: any of them serves any request of a session. */
export class SharedSessionStores implements SessionStores {
  readonly shared = true;
  readonly #bounds: Bounds;
  readonly #written: WrittenStreams = new Map();

  constructor(options: SharedStoreOptions) {
    const given = {
      idleMs: 30 * 60_000,
      maxPerOwner: 1_000,
      keepMs: 5 * 60_000,
      maxEventBytes: 2 * 1024 * 1024,
      ...options,
    };
    // Use is noted now and then, not with each request: a session may end that much early.
    this.#bounds = { ...given, noteMs: Math.min(given.idleMs, given.keepMs) / 5 };
  }

  within(tenantId: string): SessionStore {
    return new SharedSessionStore(tenantId, this.#bounds, this.#written);
  }
}

const kept = z.object({
  record: z.object({
    owner: z.string(),
    initialize: z.record(z.string(), z.unknown()),
    protocolVersion: z.string(),
    logLevel: z.custom<LoggingLevel>().exactOptional(),
  }),
  usedAtMs: z.number(),
  wasUsed: z.boolean(),
});
type Kept = z.output<typeof kept>;

/** What else comes in the header names nothing: it must not become part of a key. */
const sessionIdForm = /^[\w-]{1,64}$/;

class SharedSessionStore implements SessionStore {
  readonly shared = true;
  readonly #tenantId: string;
  readonly #bounds: Bounds;
  readonly #owners: SharedOwners;
  readonly #mail: SharedMail;
  readonly #events: SharedEvents;

  constructor(tenantId: string, bounds: Bounds, written: WrittenStreams) {
    const { idleMs, keepMs, noteMs, maxEventBytes } = bounds;
    const place = { ...bounds, tenantId };
    this.#tenantId = tenantId;
    this.#bounds = bounds;
    this.#mail = new SharedMail(place);
    this.#events = new SharedEvents({ ...place, keepMs: idleMs, maxStreamBytes: maxEventBytes }, written);
    this.#owners = new SharedOwners({ ...place, goneAfterMs: idleMs + noteMs, keepMs: keepMs + noteMs });
  }

  async create(sessionId: string, record: SessionRecord): Promise<void> {
    if (await this.#kept(sessionId)) throw new Error("The session id is taken.");
    const leaving = await this.#owners.add(record.owner, sessionId);
    if (leaving !== undefined) await this.#end(leaving);
    const { now } = this.#bounds;
    const item = this.#itemOf({ record, usedAtMs: now(), wasUsed: false });
    const put = await this.#bounds.items.putIf(this.#key(sessionId), item, undefined);
    if (!put.isDone) throw new Error("The session id is taken.");
  }

  async get(sessionId: string): Promise<SessionRecord | undefined> {
    const found = await this.#kept(sessionId);
    if (!found) return undefined;
    const { now, noteMs } = this.#bounds;
    if (!found.wasUsed || now() - found.usedAtMs >= noteMs) return this.#noteUse(sessionId, {});
    return found.record;
  }

  async touch(sessionId: string): Promise<boolean> {
    return (await this.get(sessionId)) !== undefined;
  }

  async update(sessionId: string, patch: Partial<SessionRecord>): Promise<void> {
    await this.#noteUse(sessionId, patch);
  }

  async delete(sessionId: string): Promise<boolean> {
    const found = await this.#kept(sessionId);
    if (!found) return false;
    await this.#end(sessionId);
    await this.#owners.remove(found.record.owner, sessionId);
    return true;
  }

  async post(sessionId: string, letter: Letter): Promise<void> {
    await this.#mail.post(sessionId, letter);
  }

  async poll(sessionId: string, sequence: number): Promise<readonly Mail[] | undefined> {
    return this.#mail.after(sessionId, sequence);
  }

  async appendEvent(sessionId: string, stream: string, data: string, last: boolean): Promise<string> {
    return this.#events.append(sessionId, stream, data, last);
  }

  async eventsAfter(sessionId: string, eventId: string): Promise<StreamTail | undefined> {
    const [found, tail] = await Promise.all([this.#kept(sessionId), this.#events.after(sessionId, eventId)]);
    return found && tail;
  }

  /** The record goes first, so that nothing more begins; then those who run its calls are told. */
  async #end(sessionId: string): Promise<void> {
    await this.#bounds.items.delete(this.#key(sessionId));
    await this.#mail.end(sessionId);
  }

  async #noteUse(sessionId: string, patch: Partial<SessionRecord>): Promise<SessionRecord | undefined> {
    const value = await changeItem(this.#bounds.items, this.#key(sessionId), (held) => {
      const found = this.#read(held);
      if (!found) return undefined;
      // A server whose clock is behind must not make it end sooner.
      const usedAtMs = Math.max(found.usedAtMs, this.#bounds.now());
      return this.#itemOf({ record: { ...found.record, ...patch }, usedAtMs, wasUsed: true });
    });
    const found = this.#read(value);
    if (found) await this.#owners.use(found.record.owner, sessionId);
    return found?.record;
  }

  async #kept(sessionId: string): Promise<Kept | undefined> {
    if (!sessionIdForm.test(sessionId)) return undefined;
    return this.#read(await this.#bounds.items.get(this.#key(sessionId)));
  }

  #read(value: string | undefined): Kept | undefined {
    const found = value === undefined ? undefined : kept.parse(JSON.parse(value));
    return found && this.#bounds.now() - found.usedAtMs <= this.#bounds.idleMs ? found : undefined;
  }

  #itemOf(found: Kept): { value: string; expiresAtMs: number } {
    return { value: JSON.stringify(found), expiresAtMs: found.usedAtMs + this.#bounds.idleMs + 1 };
  }

  #key(sessionId: string) {
    return { tenantId: this.#tenantId, name: `sessions/${sessionId}/record` };
  }
}
