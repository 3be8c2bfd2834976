import type { Log } from "../../telemetry/log.ts";
import type { Journal, OwnChain } from "../journal/journal.ts";
import { createAnchorAlarm } from "./anchor-alarm.ts";
import type { AnchorStore } from "./anchors.ts";

/** Writes the head of this process's chain where the journal's keeper cannot change it. */
export interface Anchoring {
  /** Anchors the last record, if the store answers soon. Call it after the journal was closed. */
  close(): Promise<void>;
}

export interface AnchoringOptions {
  journal: Journal;
  store: AnchorStore;
  log: Log;
  now(): number;
}

/** Anchors the head as often as the store wants it, and at the end. Never fails a call: it logs what goes wrong. */
export function createAnchoring({ journal, store, log, now }: AnchoringOptions): Anchoring {
  let last: OwnChain | undefined;
  let anchored = { chain: "", sequence: 0 };
  let asked = anchored;
  let working: Promise<void> = Promise.resolve();
  const alarm = createAnchorAlarm(log, store.place);

  async function anchor(): Promise<void> {
    if (!last || (last.chain === anchored.chain && last.head.sequence === anchored.sequence)) return;
    const { chain, head } = last;
    try {
      await store.write({ chain, ...head, time: new Date(now()).toISOString() });
      anchored = { chain, sequence: head.sequence };
      alarm.worked();
    } catch (error) {
      alarm.failed(error);
    }
  }

  const next = () => {
    working = working.then(anchor);
    return working;
  };
  journal.onDurable(() => {
    last = journal.own();
    const isDue = last?.chain !== asked.chain || last.head.sequence - asked.sequence >= store.everyRecords;
    if (!last || !isDue || alarm.hasFailed()) return;
    asked = { chain: last.chain, sequence: last.head.sequence };
    void next();
  });
  const timer = setInterval(() => void next(), store.everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await alarm.ended(next());
    },
  };
}
