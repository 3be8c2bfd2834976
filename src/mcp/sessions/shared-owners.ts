import { createHash } from "node:crypto";
import { z } from "zod";
import { leavingSession, type SessionUse } from "./make-room.ts";
import { changeItem, type SharedItems } from "./shared-items.ts";
import { SessionStoreFull } from "./store.ts";

export interface SharedOwnersOptions {
  items: SharedItems;
  tenantId: string;
  /** A session not noted as used for this long is gone. */
  goneAfterMs: number;
  /** One noted as used within this time makes room for none. */
  keepMs: number;
  maxPerOwner: number;
  now(): number;
}

interface Noted extends SessionUse {
  id: string;
}

/** Rows, to hold 1,000 sessions in one value. */
const rows = z.array(z.tuple([z.string(), z.number(), z.union([z.literal(0), z.literal(1)])]));

/** Which sessions an owner has: one item each, so that their number is exact. */
export class SharedOwners {
  readonly #options: SharedOwnersOptions;

  constructor(options: SharedOwnersOptions) {
    this.#options = options;
  }

  /** Notes a new session. Gives the id of the one that must go for it, if any; throws `SessionStoreFull`. */
  async add(owner: string, id: string): Promise<string | undefined> {
    const { maxPerOwner, keepMs, now } = this.#options;
    let leaving: string | undefined;
    await this.#change(owner, (sessions) => {
      leaving = undefined;
      const added = { id, usedAtMs: now(), wasUsed: false };
      if (sessions.length < maxPerOwner) return [...sessions, added];
      leaving = leavingSession(sessions, { nowMs: now(), keepMs })?.id;
      if (leaving === undefined) throw new SessionStoreFull();
      return [...sessions.filter((one) => one.id !== leaving), added];
    });
    return leaving;
  }

  async use(owner: string, id: string): Promise<void> {
    const used = { id, usedAtMs: this.#options.now(), wasUsed: true };
    await this.#change(owner, (sessions) => [...sessions.filter((one) => one.id !== id), used]);
  }

  async remove(owner: string, id: string): Promise<void> {
    await this.#change(owner, (sessions) => sessions.filter((one) => one.id !== id));
  }

  async #change(owner: string, change: (sessions: Noted[]) => Noted[]): Promise<void> {
    const { items, tenantId, goneAfterMs, now } = this.#options;
    const digest = createHash("sha256").update(owner).digest("hex");
    await changeItem(items, { tenantId, name: `sessions-of/${digest}` }, (value) => {
      const here = readRows(value).filter(({ usedAtMs }) => now() - usedAtMs <= goneAfterMs);
      return { value: writeRows(change(here)), expiresAtMs: now() + goneAfterMs };
    });
  }
}

function readRows(value: string | undefined): Noted[] {
  const kept = value === undefined ? [] : rows.parse(JSON.parse(value));
  return kept.map(([id, usedAtMs, used]) => ({ id, usedAtMs, wasUsed: used === 1 }));
}

function writeRows(sessions: readonly Noted[]): string {
  return JSON.stringify(sessions.map(({ id, usedAtMs, wasUsed }) => [id, usedAtMs, wasUsed ? 1 : 0]));
}
