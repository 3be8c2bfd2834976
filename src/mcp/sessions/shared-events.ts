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
  sizeBytes: number;
  kept: { sequence: number; parts: number; sizeBytes: number }[];
}

/** The first part of an event as it is kept, the others beside it. */
interface Held {
  last: boolean;
  parts: number;
  text: string;
}

/** Streams whose end never came, as when their calls were given up, are forgotten past this number. */
const maxWritten = 10_000;
const eventIdForm = /^([\w-]{1,64})~([1-9]\d{0,14})$/;
const heldForm = /^([01]) (\d{1,6})\n/;

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
    const written = this.#written.get(name) ?? { sequence: 0, sizeBytes: 0, kept: [] };
    const sequence = written.sequence + 1;
    await this.#put(sessionId, stream, sequence, { data, last });
    written.sequence = sequence;
    this.#written.set(name, written);
    if (last) this.#written.delete(name);
    else if (this.#written.size > maxWritten) this.#forgetOldest();
    await this.#trim(sessionId, stream, written, data);
    return `${stream}~${sequence}`;
  }

  async after(sessionId: string, eventId: string): Promise<StreamTail | undefined> {
    const [, stream = "", number = ""] = eventIdForm.exec(eventId) ?? [];
    if (stream === "") return undefined;
    const seen = await this.#held(sessionId, stream, Number(number));
    if (!seen) return undefined;
    const events: StreamEvent[] = [];
    let ended = seen.last;
    for (let sequence = Number(number) + 1; !ended; sequence++) {
      const held = await this.#held(sessionId, stream, sequence);
      if (!held) break;
      events.push({
        id: `${stream}~${sequence}`,
        data: await this.#whole(sessionId, stream, sequence, held),
      });
      ended = held.last;
    }
    return { events, ended };
  }

  /** The first part last: an event that is there is there as a whole. */
  async #put(
    sessionId: string,
    stream: string,
    sequence: number,
    { data, last }: { data: string; last: boolean },
  ): Promise<void> {
    const [first = "", ...rest] = partsOf(data);
    const numbered = rest.map((value, index) => ({ value, part: index + 1 }));
    await Promise.all(
      numbered.map(({ value, part }) => this.#putOne(this.#key(sessionId, stream, sequence, part), value)),
    );
    const head = `${last ? 1 : 0} ${rest.length}\n${first}`;
    if (await this.#putOne(this.#key(sessionId, stream, sequence), head)) return;
    throw new Error("Another process writes the same stream.");
  }

  /** An answer that got lost may have been a yes: the same value standing there is as good. */
  async #putOne(key: SharedKey, value: string): Promise<boolean> {
    const { items, keepMs, now } = this.#options;
    const put = await items.putIf(key, { value, expiresAtMs: now() + keepMs }, undefined);
    return put.isDone || put.current === value;
  }

  async #held(sessionId: string, stream: string, sequence: number): Promise<Held | undefined> {
    const value = await this.#options.items.get(this.#key(sessionId, stream, sequence));
    const [head, last, parts] = heldForm.exec(value ?? "") ?? [];
    if (value === undefined || head === undefined) return undefined;
    return { last: last === "1", parts: Number(parts), text: value.slice(head.length) };
  }

  async #whole(sessionId: string, stream: string, sequence: number, { parts, text }: Held): Promise<string> {
    const numbers = Array.from({ length: parts }, (_, index) => index + 1);
    const rest = await Promise.all(
      numbers.map((part) => this.#options.items.get(this.#key(sessionId, stream, sequence, part))),
    );
    if (rest.includes(undefined)) throw new Error("A part of an event is gone.");
    return [text, ...rest].join("");
  }

  async #trim(sessionId: string, stream: string, written: Written, data: string): Promise<void> {
    const sizeBytes = Buffer.byteLength(data);
    const parts = partsOf(data).length - 1;
    written.kept.push({ sequence: written.sequence, parts, sizeBytes });
    written.sizeBytes += sizeBytes;
    while (written.sizeBytes > this.#options.maxStreamBytes && written.kept.length > 1) {
      const oldest = written.kept.shift();
      if (!oldest) return;
      written.sizeBytes -= oldest.sizeBytes;
      for (let part = 0; part <= oldest.parts; part++)
        await this.#options.items.delete(this.#key(sessionId, stream, oldest.sequence, part));
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#written.keys();
    if (oldest !== undefined) this.#written.delete(oldest);
  }

  #key(sessionId: string, stream: string, sequence: number, part = 0): SharedKey {
    return { tenantId: this.#options.tenantId, name: `sessions/${sessionId}/${stream}/${sequence}/${part}` };
  }
}

export type WrittenStreams = Map<string, Written>;
