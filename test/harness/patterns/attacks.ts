import { createRandom } from "../random.ts";
import { piecesOf } from "./pieces.ts";

const lengthChars = 64 * 1_024;
/** Walks through the pattern, and what is made of each. */
const walks = 20;
const attacksOfWalk = 6;

/**
 * Texts of 64 KB made to keep a pattern busy: of a text that fits it, a part is there over and over, and what follows
 * fits or does not.
 */
export function* attacksOn(source: string, seed: number): Generator<string> {
  const random = createRandom(seed);
  for (let walk = 0; walk < walks; walk++) {
    const pieces = piecesOf(source, random);
    const alone = [...new Set(pieces)];
    if (pieces.length === 0) continue;
    for (let count = 0; count < attacksOfWalk; count++) {
      const from = random(pieces.length);
      const to = from + 1 + random(Math.min(3, pieces.length - from));
      const isAlone = random(4) === 0;
      const pump = isAlone ? (alone[random(alone.length)] ?? "") : pieces.slice(from, to).join("");
      const head = isAlone ? "" : pieces.slice(0, from).join("");
      const tail = ["\0", "\n\0", "", "1\0", `${pieces.slice(to).join("")}\0`][random(5)] ?? "";
      yield head + pump.repeat(Math.ceil(lengthChars / pump.length)) + tail;
    }
  }
}
