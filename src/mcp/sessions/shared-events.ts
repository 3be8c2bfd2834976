import { partsOf, type SharedItems, type SharedKey } from "./shared-items.ts";
import type { StreamEvent, StreamTail } from "./store.ts";

export interface SharedEventsOptions {
  items: SharedItems;
  tenantId: string;
  /** Bytes kept of one stream; its oldest events go first. */
  maxStreamBytes: number;
  keepMs: number;
  now(): number;
}

/** What the process that writes a stream knows of it. */
interface Written {
  sequence: number;
  /** Makes the parts of each attempt its own: those of one that failed must not become another's. */
  attempt: number;
  sizeBytes: number;
  kept: { names: string[]; sizeBytes: number }[];
}

/** The first part of an event as it is kept, the others beside it. */
interface Held {
  last: boolean;
  parts: number;
  attempt: number;
  text: string;
}

/** Streams whose end never came, as when their calls were given up, are forgotten past this number. */
const maxWritten = 10_000;
const eventIdForm = /^([\w-]{1,64})~([1-9]\d{0,14})$/;
const heldForm = /^([01]) (\d{1,6}) (\d{1,9})\n/;

/** Events of response streams, each stream written by one process and read by any. An event's number is its place in its stream. */
export class SharedEvents {
  readonly #options: SharedEventsOptions;
  readonly #written: Map<string, Written>;

  /** `written` is what all of a process share. */
  constructor(options: SharedEventsOptions, written: Map<string, Written>) {
    this.#options = options;
    this.#written = written;
  }

  async append(sessionId: string, stream: string, data: string, last: boolean): Promise<string> {
    const name = `${sessionId}/${stream}`;
    const written = this.#written.get(name) ?? { sequence: 0, attempt: 0, sizeBytes: 0, kept: [] };
    this.#written.set(name, written);
    if (this.#written.size > maxWritten) this.#forgetOldest();
    const names = await this.#put(name, written, { data, last });
    written.kept.push({ names, sizeBytes: Buffer.byteLength(data) });
    written.sizeBytes += Buffer.byteLength(data);
    if (last) this.#written.delete(name);
    else await this.#trim(written);
    return `${stream}~${written.sequence}`;
  }

  async after(sessionId: string, eventId: string): Promise<StreamTail | undefined> {
    const [, stream = "", number = ""] = eventIdForm.exec(eventId) ?? [];
    if (stream === "") return undefined;
    const seen = await this.#held(`${sessionId}/${stream}/${number}`);
    if (!seen) return undefined;
    const events: StreamEvent[] = [];
    let ended = seen.last;
    for (let sequence = Number(number) + 1; !ended; sequence++) {
      const name = `${sessionId}/${stream}/${sequence}`;
      const held = await this.#held(name);
      if (!held) break;
      events.push({
        id: `${stream}~${sequence}`,
        data: await this.#whole(name, held),
      });
      ended = held.last;
    }
    return { events, ended };
  }

  /**
   * The first part last: an event that is there is there as a whole. A number that is taken is that of an event whose
   * put seemed to fail and did not. Gives the items' names.
   */
  async #put(
    stream: string,
    written: Written,
    { data, last }: { data: string; last: boolean },
  ): Promise<string[]> {
    const [first = "", ...rest] = partsOf(data);
    const attempt = ++written.attempt;
    for (;;) {
      const name = `${stream}/${written.sequence + 1}`;
      const names = rest.map((_, index) => partName(name, attempt, index + 1));
      await Promise.all(rest.map((value, index) => this.#putOne(names[index] ?? "", value)));
      const isKept = await this.#putOne(name, `${last ? 1 : 0} ${rest.length} ${attempt}\n${first}`);
      written.sequence += 1;
      if (isKept) return [name, ...names];
    }
  }

  /** An answer that got lost may have been a yes: the same value standing there is as good. */
  async #putOne(name: string, value: string): Promise<boolean> {
    const { items, keepMs, now } = this.#options;
    const put = await items.putIf(this.#key(name), { value, expiresAtMs: now() + keepMs }, undefined);
    return put.isDone || put.current === value;
  }

  async #held(name: string): Promise<Held | undefined> {
    const value = await this.#options.items.get(this.#key(name));
    const [head, last, parts, attempt] = heldForm.exec(value ?? "") ?? [];
    if (value === undefined || head === undefined) return undefined;
    return {
      last: last === "1",
      parts: Number(parts),
      attempt: Number(attempt),
      text: value.slice(head.length),
    };
  }

  async #whole(name: string, { parts, attempt, text }: Held): Promise<string> {
    const names = Array.from({ length: parts }, (_, index) => partName(name, attempt, index + 1));
    const rest = await Promise.all(names.map((part) => this.#options.items.get(this.#key(part))));
    if (rest.includes(undefined)) throw new Error("A part of an event is gone.");
    return [text, ...rest].join("");
  }

  async #trim(written: Written): Promise<void> {
    const { items, maxStreamBytes } = this.#options;
    while (written.sizeBytes > maxStreamBytes && written.kept.length > 1) {
      const oldest = written.kept.shift();
      written.sizeBytes -= oldest?.sizeBytes ?? 0;
      for (const name of oldest?.names ?? []) await items.delete(this.#key(name));
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#written.keys();
    if (oldest !== undefined) this.#written.delete(oldest);
  }

  #key(name: string): SharedKey {
    return { tenantId: this.#options.tenantId, name: `sessions/${name}` };
  }
}

function partName(event: string, attempt: number, part: number): string {
  return `${event}/${attempt}/${part}`;
}

export type WrittenStreams = Map<string, Written>;
