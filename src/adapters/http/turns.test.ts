import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a few begin at once, the others in the turns after, all in the order they came", async () => {
  const turns = createTurns(3);
  const begun: number[] = [];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at++) turns(() => begun.push(at));
  };
  add(0, 10);
  const counts = [begun.length];
  while (begun.length < 10) {
    await turn();
    counts.push(begun.length);
    // Whoever comes now is behind those that wait.
    if (counts.length === 2) add(10, 12);
  }
  while (begun.length < 12) await turn();
  expect(counts).toEqual([3, 6, 9, 12]);
  expect(begun).toEqual(Array.from({ length: 12 }, (_, at) => at));
});

test("after a pause as many begin at once again", async () => {
  const turns = createTurns(2);
  let begun = 0;
  for (let round = 1; round <= 3; round++) {
    turns(() => begun++);
    turns(() => begun++);
    expect(begun).toBe(2 * round);
    await turn();
    await turn();
  }
});
