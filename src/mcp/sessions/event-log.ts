import type { StreamEvent, StreamTail } from "./store.ts";

/** Events of one session's streams, bounded in bytes: the oldest go first. */
export interface EventLog {
  append(stream: string, data: string, last: boolean): string;
  after(eventId: string): StreamTail | undefined;
}

interface Entry extends StreamEvent {
  stream: string;
}

export function createEventLog(maxBytes: number): EventLog {
  const entries: Entry[] = [];
  const ended = new Set<string>();
  let sizeBytes = 0;
  let sequence = 0;
  return {
    append(stream, data, last) {
      const id = `${stream}~${++sequence}`;
      entries.push({ id, stream, data });
      sizeBytes += data.length;
      if (last) ended.add(stream);
      while (sizeBytes > maxBytes && entries.length > 1) {
        const dropped = entries.shift();
        sizeBytes -= dropped?.data.length ?? 0;
        if (dropped && !entries.some((entry) => entry.stream === dropped.stream))
          ended.delete(dropped.stream);
      }
      return id;
    },
    after(eventId) {
      const at = entries.findIndex((entry) => entry.id === eventId);
      const seen = entries[at];
      if (!seen) return undefined;
      const events = entries.slice(at + 1).filter((entry) => entry.stream === seen.stream);
      return { events: events.map(({ id, data }) => ({ id, data })), ended: ended.has(seen.stream) };
    },
  };
}
