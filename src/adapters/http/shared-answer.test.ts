import { expect, test } from "vitest";
import { sharedAnswer } from "./shared-answer.ts";

function counted() {
  const clock = { nowMs: 0 };
  const asked: { give(answer: string): void; fail(): void }[] = [];
  const ask = () =>
    new Promise<string>((give, reject) => asked.push({ give, fail: () => reject(new Error("down")) }));
  return { clock, asked, answer: sharedAnswer(ask, 250, () => clock.nowMs) };
}

test("those who ask at once, and a little later, are answered by one question", async () => {
  const { clock, asked, answer } = counted();
  const many = Array.from({ length: 1_000 }, answer);
  clock.nowMs = 5_000;
  many.push(answer());
  asked[0]?.give("up");
  expect(new Set(await Promise.all(many))).toEqual(new Set(["up"]));
  clock.nowMs = 5_249;
  expect(await answer()).toBe("up");
  expect(asked).toHaveLength(1);
  clock.nowMs = 5_250;
  const later = answer();
  asked[1]?.give("down");
  expect(await later).toBe("down");
});

test("a question that failed is asked anew", async () => {
  const { asked, answer } = counted();
  const waiting = [answer(), answer()];
  asked[0]?.fail();
  for (const one of waiting) await expect(one).rejects.toThrow("down");
  const again = answer();
  asked[1]?.give("up");
  expect(await again).toBe("up");
});
