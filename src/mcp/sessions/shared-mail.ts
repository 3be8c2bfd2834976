import { z } from "zod";
import { changeItem, type SharedItems } from "./shared-items.ts";
import { type Letter, LetterTooLarge, type Mail } from "./store.ts";

/** Bytes of all that waits in one box. */
const maxBoxBytes = 60_000;
/** Whoever a letter is for looks several times a second. */
const keepMs = 60_000;

const letter = z.union([
  z.object({ message: z.custom<Extract<Letter, { message: unknown }>["message"]>() }),
  z.object({ returnedTo: z.string() }),
]);
const box = z.object({
  ended: z.boolean(),
  mail: z.array(z.object({ sequence: z.number(), sentAtMs: z.number(), letter })),
});
type Box = z.output<typeof box>;

export interface SharedMailOptions {
  items: SharedItems;
  tenantId: string;
  /** How long a box outlives its last letter, and how long it says that the session has ended. */
  idleMs: number;
  now(): number;
}

/** What is left for the process that runs a session's calls: one small item, so that looking is one request. */
export class SharedMail {
  readonly #options: SharedMailOptions;

  constructor(options: SharedMailOptions) {
    this.#options = options;
  }

  /** Throws `LetterTooLarge`. */
  async post(sessionId: string, given: Letter): Promise<void> {
    const nowMs = this.#options.now();
    await this.#change(sessionId, (held) => {
      const last = held.mail.at(-1)?.sequence ?? 0;
      // By the clock, so that numbers go on growing after a box was forgotten.
      const sent = { sequence: Math.max(last + 1, nowMs), sentAtMs: nowMs, letter: given };
      const mail = [...held.mail.filter(({ sentAtMs }) => nowMs - sentAtMs < keepMs), sent];
      while (Buffer.byteLength(JSON.stringify(mail)) > maxBoxBytes) {
        if (mail.length === 1) throw new LetterTooLarge();
        mail.shift();
      }
      return { ...held, mail };
    });
  }

  /** Has whoever looks next stop. */
  async end(sessionId: string): Promise<void> {
    await this.#change(sessionId, () => ({ ended: true, mail: [] }));
  }

  /** Letters after `sequence`; undefined where the session has ended. */
  async after(sessionId: string, sequence: number): Promise<readonly Mail[] | undefined> {
    const { ended, mail } = readBox(await this.#options.items.get(this.#key(sessionId)));
    return ended ? undefined : mail.filter((one) => one.sequence > sequence);
  }

  async #change(sessionId: string, change: (held: Box) => Box): Promise<void> {
    const { items, idleMs, now } = this.#options;
    await changeItem(items, this.#key(sessionId), (value) => {
      const held = readBox(value);
      if (held.ended) return undefined;
      return { value: JSON.stringify(change(held)), expiresAtMs: now() + idleMs };
    });
  }

  #key(sessionId: string) {
    return { tenantId: this.#options.tenantId, name: `sessions/${sessionId}/mail` };
  }
}

function readBox(value: string | undefined): Box {
  return value === undefined ? { ended: false, mail: [] } : box.parse(JSON.parse(value));
}
