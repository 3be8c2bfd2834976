import type { Outcome } from "./steps.ts";

/** How long the outcome of a confirmed write is known after its end. */
const keptMs = 10 * 60_000;
const maxKeptBytes = 16 * 1024 ** 2;

/** What confirmed writes of this process came to, by the nonce of their confirmation. */
export interface KeptOutcomes {
  begin(nonce: string): void;
  end(nonce: string, outcome: Outcome): void;
  /** Undefined for what is not known here, or no more. */
  find(nonce: string): Outcome | "running" | undefined;
}

export function createKeptOutcomes(now: () => number): KeptOutcomes {
  const running = new Set<string>();
  const ended = new Map<string, { outcome: Outcome; untilMs: number }>();
  let keptBytes = 0;
  const drop = (nonce: string, { outcome }: { outcome: Outcome }) => {
    ended.delete(nonce);
    keptBytes -= sizeOf(outcome);
  };
  return {
    begin: (nonce) => void running.add(nonce),
    end(nonce, outcome) {
      running.delete(nonce);
      ended.set(nonce, { outcome, untilMs: now() + keptMs });
      keptBytes += sizeOf(outcome);
      // Oldest first, as a map keeps them.
      for (const [other, kept] of ended) {
        if (kept.untilMs > now() && keptBytes <= maxKeptBytes) break;
        drop(other, kept);
      }
    },
    find(nonce) {
      if (running.has(nonce)) return "running";
      const kept = ended.get(nonce);
      return kept && kept.untilMs > now() ? kept.outcome : undefined;
    },
  };
}

/** A fault is bounded to a few kilobytes. */
function sizeOf(outcome: Outcome): number {
  return outcome.kind === "completed" ? outcome.sizeBytes : 8 * 1024;
}
