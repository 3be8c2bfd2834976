import type { Outcome } from "./steps.ts";
import { type KnownWrite, keptMs, type WriteId, type WriteRecords } from "./write-records.ts";

interface Kept {
  known: KnownWrite;
  untilMs: number;
  sizeBytes: number;
}

/** Records of this process alone. They end with it, as does everything they are about. */
export function createMemoryWriteRecords(now: () => number, maxKeptBytes = 16 * 1024 ** 2): WriteRecords {
  const records = new Map<string, Kept>();
  let keptBytes = 0;
  const put = (name: string, record: Kept) => {
    keptBytes += record.sizeBytes - (records.get(name)?.sizeBytes ?? 0);
    records.delete(name);
    records.set(name, record);
  };
  const makeRoom = () => {
    for (const [name, { untilMs, sizeBytes, known }] of records) {
      if (untilMs <= now() && known.state !== "running") {
        records.delete(name);
        keptBytes -= sizeBytes;
      } else if (keptBytes > maxKeptBytes && sizeBytes > 0) {
        records.set(name, { known: withoutOutcome(known), untilMs, sizeBytes: 0 });
        keptBytes -= sizeBytes;
      }
    }
  };
  const find = (name: string) => {
    makeRoom();
    return records.get(name)?.known;
  };
  const turnDown = (name: string, untilMs: number) =>
    put(name, { known: { state: "turned_down" }, untilMs, sizeBytes: 0 });
  return {
    find: async (id) => find(nameOf(id)),
    async begin(id, { untilMs }) {
      const name = nameOf(id);
      const known = find(name);
      if (known) return known;
      put(name, { known: { state: "running" }, untilMs, sizeBytes: 0 });
      return {
        state: "begun",
        async end(outcome) {
          const sizeBytes = sizeOf(outcome);
          const known: KnownWrite = { state: "ended", endedMs: now(), outcome };
          put(name, { known, untilMs: now() + keptMs, sizeBytes });
          makeRoom();
        },
        abandon: async () => turnDown(name, untilMs),
      };
    },
    async turnDown(id, untilMs) {
      if (!find(nameOf(id))) turnDown(nameOf(id), untilMs);
    },
  };
}

function withoutOutcome(known: KnownWrite): KnownWrite {
  if (known.state !== "ended") return known;
  const { outcome: _, ...rest } = known;
  return rest;
}

function nameOf({ tenantId, nonce }: WriteId): string {
  return JSON.stringify([tenantId, nonce]);
}

/** A fault is bounded to a few kilobytes. */
function sizeOf(outcome: Outcome): number {
  return outcome.kind === "completed" ? outcome.sizeBytes : 8 * 1024;
}
