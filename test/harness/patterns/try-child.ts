import { attacksOn } from "./attacks.ts";

/** What this process is asked to try. */
export interface Asked {
  source: string;
  flags: string;
  seed: number;
}

/** What it answers: the slowest attack on it, and how long that took at its quickest. */
export interface Tried {
  slowestMs: number;
  attack: string;
}

const suspectMs = 150;

function takesMs(pattern: RegExp, text: string): number {
  const { user } = process.cpuUsage();
  if (pattern.sticky) {
    // As a reader of tokens uses it: from where the last one ended.
    pattern.lastIndex = 0;
    while (pattern.lastIndex < text.length && pattern.exec(text)?.[0]);
  } else text.replace(pattern, "");
  return (process.cpuUsage().user - user) / 1_000;
}

function tried({ source, flags, seed }: Asked): Tried {
  const pattern = new RegExp(source, flags);
  let slowest: Tried = { slowestMs: 0, attack: "" };
  for (const text of attacksOn(source, seed)) {
    let ms = takesMs(pattern, text);
    for (let again = 0; again < 2 && ms > suspectMs && ms < 1_000; again++)
      ms = Math.min(ms, takesMs(pattern, text));
    if (ms > slowest.slowestMs) slowest = { slowestMs: ms, attack: JSON.stringify(text.slice(0, 120)) };
    if (ms > suspectMs) break;
  }
  return slowest;
}

process.on("message", (asked: Asked) => process.send?.(tried(asked)));
