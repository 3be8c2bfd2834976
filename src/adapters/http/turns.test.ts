import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const maxWaitingEach = 100;
const [one, other, third] = [{}, {}, {}];

test("a few begin at once, the others in the turns after, all of one origin in the order they came", async () => {
  const turns = createTurns({ perTurn: 3, maxWaitingEach });
  const begun: number[] = [];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at++) turns.begin(one, () => begun.push(at));
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
  const turns = createTurns({ perTurn: 2, maxWaitingEach });
  let begun = 0;
  for (let round = 1; round <= 3; round++) {
    turns.begin(one, () => begun++);
    turns.begin(one, () => begun++);
    expect(begun).toBe(2 * round);
    await turn();
    await turn();
  }
});

test("whoever asks for one thing waits for one of each other, not for all that another asked for", async () => {
  const turns = createTurns({ perTurn: 1, maxWaitingEach });
  const begun: string[] = [];
  const ask = (whose: object, name: string) => turns.begin(whose, () => begun.push(name));
  for (let at = 0; at < 4; at++) ask(one, `one ${at}`);
  ask(other, "other 0");
  ask(other, "other 1");
  ask(third, "third 0");
  while (begun.length < 7) await turn();
  expect(begun).toEqual(["one 0", "one 1", "other 0", "third 0", "one 2", "other 1", "one 3"]);
});

test("of one origin no more than a bounded number waits", async () => {
  const turns = createTurns({ perTurn: 1, maxWaitingEach: 2 });
  let begun = 0;
  const ask = (whose: object) => turns.begin(whose, () => begun++);
  expect([1, 2, 3, 4].map(() => ask(one))).toEqual([true, true, true, false]);
  expect(ask(other)).toBe(true);
  await turn();
  expect(ask(one)).toBe(true);
  while (begun < 5) await turn();
  await turn();
  expect(begun).toBe(5);
});

test("nothing begins while a crowd comes in, and all of it after", async () => {
  const turns = createTurns({ perTurn: 4, maxWaitingEach });
  let begun = 0;
  for (let at = 0; at < 1_000; at++) {
    turns.cameIn();
    turns.begin({}, () => begun++);
    await turn();
  }
  expect(begun).toBe(0);
  for (let at = 0; at < 251; at++) await turn();
  expect(begun).toBe(1_000);
});

test("whoever comes without end does not keep others from their work", async () => {
  const turns = createTurns({ perTurn: 4, maxWaitingEach: 10_000 });
  let begun = 0;
  for (let at = 0; at < 6_000; at++) turns.begin(one, () => begun++);
  for (let at = 0; at < 2_000; at++) {
    turns.cameIn();
    await turn();
  }
  const begunBefore = begun;
  for (let at = 0; at < 1_000; at++) {
    turns.cameIn();
    await turn();
  }
  expect(begunBefore).toBeLessThan(10);
  expect(begun - begunBefore).toBeGreaterThan(700);
});
