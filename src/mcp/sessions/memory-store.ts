import { createEventLog, type EventLog } from "./event-log.ts";
import { leavingSession, type SessionUse } from "./make-room.ts";
import {
  type Letter,
  type Mail,
  type SessionRecord,
  type SessionStore,
  SessionStoreFull,
  type SessionStores,
  type StreamTail,
} from "./store.ts";

export interface MemoryStoreOptions {
  /** A session unused for this long is forgotten. Default 30 min. */
  idleMs?: number;
  /** Default 10,000. One more, and one that was never used goes, or else the one idle for longest. */
  maxSessions?: number;
  /** The same for the sessions of one owner, so that none can push out all others. Default 1,000. */
  maxPerOwner?: number;
  /** A session used within this time makes room for none: the new one is refused. Default 5 min. */
  keepMs?: number;
  /** Bytes of events kept per session. Default 2 MiB. */
  maxEventBytes?: number;
  /** Set where several fronts of one process share the store. */
  shared?: boolean;
  now?: () => number;
}

interface Kept extends SessionUse {
  record: SessionRecord;
  mail: Mail[];
  events: EventLog;
}

const maxMail = 1_000;

/** Sessions of one process. Lost when it ends: clients then get a 404 and begin anew. */
export class MemorySessionStore implements SessionStore, SessionStores {
  readonly shared: boolean;
  readonly #options: Required<Omit<MemoryStoreOptions, "shared">>;
  /** In order of use: what is used moves to the end, so the first is the one idle for longest. */
  readonly #sessions = new Map<string, Kept>();
  #sequence = 0;

  constructor({ shared = false, ...options }: MemoryStoreOptions = {}) {
    this.shared = shared;
    this.#options = {
      idleMs: 30 * 60_000,
      maxSessions: 10_000,
      maxPerOwner: 1_000,
      keepMs: 5 * 60_000,
      maxEventBytes: 2 * 1024 * 1024,
      now: () => performance.now(),
      ...options,
    };
  }

  /** An owner names its tenant, and nobody else's session is ever given out. */
  within(): SessionStore {
    return this;
  }

  async create(sessionId: string, record: SessionRecord): Promise<void> {
    if (this.#sessions.has(sessionId)) throw new Error("The session id is taken.");
    this.#makeRoom(record.owner);
    const events = createEventLog(this.#options.maxEventBytes);
    const usedAtMs = this.#options.now();
    this.#sessions.set(sessionId, { record, usedAtMs, wasUsed: false, mail: [], events });
  }

  async get(sessionId: string): Promise<SessionRecord | undefined> {
    return this.#use(sessionId)?.record;
  }

  async touch(sessionId: string): Promise<boolean> {
    return this.#use(sessionId) !== undefined;
  }

  async update(sessionId: string, patch: Partial<SessionRecord>): Promise<void> {
    const kept = this.#use(sessionId);
    if (kept) kept.record = { ...kept.record, ...patch };
  }

  async delete(sessionId: string): Promise<boolean> {
    return this.#sessions.delete(sessionId);
  }

  async post(sessionId: string, letter: Letter): Promise<void> {
    const mail = this.#sessions.get(sessionId)?.mail;
    mail?.push({ sequence: ++this.#sequence, letter });
    if (mail && mail.length > maxMail) mail.shift();
  }

  async poll(sessionId: string, sequence: number): Promise<readonly Mail[] | undefined> {
    return this.#sessions.get(sessionId)?.mail.filter((one) => one.sequence > sequence);
  }

  async appendEvent(sessionId: string, stream: string, data: string, last: boolean): Promise<string> {
    return this.#sessions.get(sessionId)?.events.append(stream, data, last) ?? `${stream}~0`;
  }

  async eventsAfter(sessionId: string, eventId: string): Promise<StreamTail | undefined> {
    return this.#sessions.get(sessionId)?.events.after(eventId);
  }

  #use(sessionId: string): Kept | undefined {
    const kept = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    const nowMs = this.#options.now();
    if (!kept || nowMs - kept.usedAtMs > this.#options.idleMs) return undefined;
    kept.usedAtMs = nowMs;
    kept.wasUsed = true;
    this.#sessions.set(sessionId, kept);
    return kept;
  }

  #makeRoom(owner: string): void {
    const { idleMs, maxPerOwner, maxSessions, now } = this.#options;
    for (const [id, kept] of this.#sessions) {
      if (now() - kept.usedAtMs <= idleMs) break;
      this.#sessions.delete(id);
    }
    const all = [...this.#sessions];
    const own = all.filter(([, { record }]) => record.owner === owner);
    if (own.length >= maxPerOwner) this.#letOneGo(own);
    else if (all.length >= maxSessions) this.#letOneGo(all);
  }

  #letOneGo(sessions: readonly [string, Kept][]): void {
    const { keepMs, now } = this.#options;
    const known = sessions.map(([id, { usedAtMs, wasUsed }]) => ({ id, usedAtMs, wasUsed }));
    const leaving = leavingSession(known, { nowMs: now(), keepMs });
    if (!leaving) throw new SessionStoreFull();
    this.#sessions.delete(leaving.id);
  }
}
