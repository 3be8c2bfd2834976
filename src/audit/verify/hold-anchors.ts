import type { Anchor, ChainAnchors } from "../anchors/anchors.ts";
import type { Head } from "../record/record.ts";
import type { Problem } from "./problem.ts";

/** Holds a chain's records against what was anchored of it. */
export interface AnchorCheck {
  see(record: Head): void;
  /** `head` is the last record there is, `floor` the last that was deleted when it had expired. */
  finish(head: number, floor: number): void;
}

export function holdAnchors(
  chain: string,
  anchored: ChainAnchors | undefined,
  report: (problem: Problem) => void,
): AnchorCheck {
  const bySequence = new Map<number, Anchor>();
  let isForked = false;
  const tell = (kind: "forked" | "truncated" | "anchor", message: string, sequence?: number) =>
    report({
      kind,
      chain,
      ...(anchored && { file: anchored.place }),
      ...(sequence === undefined ? {} : { sequence }),
      message,
    });
  for (const what of anchored?.bad ?? []) tell("anchor", `Among the anchors, ${what} is none.`);
  for (const anchor of anchored?.anchors ?? []) {
    const same = bySequence.get(anchor.sequence);
    if (same && same.hash !== anchor.hash) {
      tell("forked", `Two records ${anchor.sequence} were anchored.`, anchor.sequence);
    }
    bySequence.set(anchor.sequence, anchor);
  }
  return {
    see({ sequence, hash }) {
      const anchor = bySequence.get(sequence);
      // One fork shows at every later anchor too.
      if (anchor && anchor.hash !== hash && !isForked) {
        isForked = true;
        const message = `Record ${sequence} is another than the one anchored at ${anchor.time}: history was written anew.`;
        tell("forked", message, sequence);
      }
    },
    finish(head, floor) {
      const last = Math.max(0, ...bySequence.keys());
      if (last <= Math.max(head, floor)) return;
      const message = `The chain ends with record ${head}; record ${last} was anchored at ${bySequence.get(last)?.time}.`;
      tell("truncated", message, head + 1);
    },
  };
}
