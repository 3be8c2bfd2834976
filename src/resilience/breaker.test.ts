import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { seededChoices } from "../../test/harness/engine-rows.ts";
import { tellFigures } from "../../test/harness/figures.ts";
import { Breaker, type BreakerState } from "./breaker.ts";

const settings = { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 10_000 };
const down = new Error("503");
const wrong = new Error("404");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function breakerOf(changes: BreakerState[] = []) {
  return new Breaker({
    settings,
    name: "s3 in eu-central-1",
    now: Date.now,
    changed: (state) => changes.push(state),
  });
}

function ask<T>(breaker: Breaker, send: () => Promise<T>, signal = new AbortController().signal) {
  return breaker.run({ send, signal, isFailure: (thrown) => thrown === down });
}

const fail = (breaker: Breaker, thrown = down) =>
  ask(breaker, () => Promise.reject(thrown)).catch((caught: unknown) => caught);
const succeed = (breaker: Breaker) => ask(breaker, async () => "answer");

async function open(breaker: Breaker): Promise<void> {
  for (let at = 0; at < settings.failures; at++) await fail(breaker);
  expect(breaker.state).toBe("open");
}

test("five failures in a row open it; then nothing is sent, and the refusal says for how long", async () => {
  const changes: BreakerState[] = [];
  const breaker = breakerOf(changes);
  for (let at = 0; at < 4; at++) await fail(breaker);
  expect(breaker.state).toBe("closed");
  await succeed(breaker);
  for (let at = 0; at < 4; at++) await fail(breaker);
  expect(breaker.state).toBe("closed");
  expect(await fail(breaker)).toBe(down);
  const send = vi.fn(async () => "answer");
  vi.advanceTimersByTime(20_000);
  await expect(ask(breaker, send)).rejects.toMatchObject({
    code: "unavailable",
    retryable: true,
    message: expect.stringContaining("s3 in eu-central-1"),
    details: { retryAfterMs: 40_000, breaker: "open" },
  });
  expect(send).not.toHaveBeenCalled();
  expect(changes).toEqual(["open"]);
});

test("errors of the client never open it", async () => {
  const breaker = breakerOf();
  for (let at = 0; at < 100; at++) expect(await fail(breaker, wrong)).toBe(wrong);
  for (let at = 0; at < 4; at++) await fail(breaker);
  await fail(breaker, wrong);
  for (let at = 0; at < 4; at++) await fail(breaker);
  expect(breaker.state).toBe("closed");
});

describe("of answers whose body comes later", () => {
  const get = (breaker: Breaker, rest: () => Promise<"whole" | "left">) =>
    breaker.run({
      send: async () => "answer",
      rest,
      signal: new AbortController().signal,
      isFailure: (thrown) => thrown === down,
    });
  const breaks = () => Promise.reject(down);
  const comes = async () => "whole" as const;

  test("five that break off in a row open it, though each began well and brief answers came between", async () => {
    const breaker = breakerOf();
    for (let at = 0; at < 4; at++) {
      expect(await get(breaker, breaks)).toBe("answer");
      await succeed(breaker);
    }
    await get(breaker, comes);
    for (let at = 0; at < 5; at++) {
      await vi.advanceTimersByTimeAsync(0);
      expect(breaker.state).toBe("closed");
      await succeed(breaker);
      await get(breaker, breaks);
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(breaker.state).toBe("open");
  });

  test("a probe succeeds when its body came, and has failed where it hangs; one nobody reads makes room", async () => {
    const breaker = breakerOf();
    await open(breaker);
    await vi.advanceTimersByTimeAsync(60_000);
    await get(breaker, async () => "left");
    for (let at = 0; at < 3; at++) await get(breaker, comes);
    await vi.advanceTimersByTimeAsync(0);
    expect(breaker.state).toBe("closed");
    await open(breaker);
    await vi.advanceTimersByTimeAsync(60_000);
    await get(breaker, () => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(breaker.state).toBe("half_open");
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe("open");
  });
});

test("who leaves a service that hangs counts, who leaves before does not", async () => {
  const breaker = breakerOf();
  const leaveAfter = async (ms: number) => {
    const leaving = new AbortController();
    const left = breaker
      .run({
        send: () => new Promise((_, reject) => leaving.signal.addEventListener("abort", () => reject(wrong))),
        signal: leaving.signal,
        hangsAfterMs: 20_000,
        isFailure: () => false,
      })
      .catch((caught: unknown) => caught);
    await vi.advanceTimersByTimeAsync(ms);
    leaving.abort();
    expect(await left).toBe(wrong);
  };
  for (let at = 0; at < 10; at++) await leaveAfter(19_999);
  expect(breaker.state).toBe("closed");
  for (let at = 0; at < 5; at++) await leaveAfter(20_000);
  expect(breaker.state).toBe("open");
});

test("requests that were never sent neither close a breaker nor end a row of failures", async () => {
  const breaker = breakerOf();
  const unsent = new Error("no credentials");
  const notSend = () =>
    breaker
      .run({
        send: () => Promise.reject(unsent),
        signal: new AbortController().signal,
        isFailure: (thrown) => thrown === down,
        isAnswer: (thrown) => thrown !== unsent,
      })
      .catch((caught: unknown) => caught);
  for (let at = 0; at < 4; at++) await fail(breaker);
  await notSend();
  await fail(breaker);
  expect(breaker.state).toBe("open");
  vi.advanceTimersByTime(60_000);
  for (let at = 0; at < 10; at++) expect(await notSend()).toBe(unsent);
  expect(breaker.state).toBe("half_open");
  for (let at = 0; at < 3; at++) await succeed(breaker);
  expect(breaker.state).toBe("closed");
});

test("of 100 callers at once a half-open breaker lets exactly three through, whose success closes it", async () => {
  const changes: BreakerState[] = [];
  const breaker = breakerOf(changes);
  await open(breaker);
  vi.advanceTimersByTime(59_999);
  await expect(succeed(breaker)).rejects.toMatchObject({ code: "unavailable" });
  vi.advanceTimersByTime(1);
  const answers: ((value: string) => void)[] = [];
  const send = vi.fn(() => new Promise<string>((resolve) => answers.push(resolve)));
  const calls = Array.from({ length: 100 }, () => ask(breaker, send).catch(() => "refused"));
  const probes = send.mock.calls.length;
  expect(probes).toBe(3);
  expect(breaker.state).toBe("half_open");
  for (const answer of answers) answer("answer");
  const outcomes = await Promise.all(calls);
  expect(outcomes.filter((outcome) => outcome === "answer")).toHaveLength(3);
  expect(breaker.state).toBe("closed");
  expect(await succeed(breaker)).toBe("answer");
  expect(changes).toEqual(["open", "half_open", "closed"]);
  tellFigures({
    "with a virtual clock: callers at once": calls.length,
    "with a virtual clock: let through": probes,
    "with a virtual clock: refused": outcomes.filter((outcome) => outcome === "refused").length,
  });
});

test("one failed probe opens it for another while, whatever the others say", async () => {
  const breaker = breakerOf();
  await open(breaker);
  vi.advanceTimersByTime(60_000);
  const settle: { resolve: (value: string) => void; reject: (thrown: unknown) => void }[] = [];
  const probe = () => new Promise<string>((resolve, reject) => settle.push({ resolve, reject }));
  const probes = [1, 2, 3].map(() => ask(breaker, probe).catch(() => "failed"));
  settle[0]?.reject(down);
  await probes[0];
  expect(breaker.state).toBe("open");
  settle[1]?.resolve("late");
  settle[2]?.resolve("late");
  await Promise.all(probes);
  expect(breaker.state).toBe("open");
  expect(breaker.retryAfterMs()).toBe(60_000);
});

test("a hung probe counts as failed at its deadline, and does not wedge it", async () => {
  const breaker = breakerOf();
  await open(breaker);
  vi.advanceTimersByTime(60_000);
  void ask(breaker, () => new Promise<string>(() => {}));
  expect(breaker.state).toBe("half_open");
  await vi.advanceTimersByTimeAsync(9_999);
  expect(breaker.state).toBe("half_open");
  await vi.advanceTimersByTimeAsync(1);
  expect(breaker.state).toBe("open");
  await vi.advanceTimersByTimeAsync(60_000);
  for (let at = 0; at < 3; at++) expect(await succeed(breaker)).toBe("answer");
  expect(breaker.state).toBe("closed");
});

test("a probe whose caller left makes room for another", async () => {
  const breaker = breakerOf();
  await open(breaker);
  vi.advanceTimersByTime(60_000);
  const leaving = new AbortController();
  const left = ask(
    breaker,
    () => new Promise((_, reject) => leaving.signal.addEventListener("abort", () => reject(down))),
    leaving.signal,
  ).catch(() => "left");
  leaving.abort();
  expect(await left).toBe("left");
  expect(breaker.state).toBe("half_open");
  for (let at = 0; at < 3; at++) await succeed(breaker);
  expect(breaker.state).toBe("closed");
});

test("requests that began before it opened have no say any more", async () => {
  const breaker = breakerOf();
  let answer: (value: string) => void = () => {};
  const slow = ask(
    breaker,
    () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
  );
  await open(breaker);
  answer("late");
  expect(await slow).toBe("late");
  expect(breaker.state).toBe("open");
});

const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`never more probes than allowed between two openings (seed ${seed})`, async () => {
  const { below } = seededChoices(seed);
  const breaker = breakerOf();
  let probes = 0;
  for (let step = 0; step < 20_000; step++) {
    const before = breaker.state;
    const isDue = before === "open" && breaker.retryAfterMs() === 0;
    if (isDue) probes = 0;
    let wasSent = false;
    await ask(breaker, async () => {
      wasSent = true;
      if (below(3) > 0) throw down;
    }).catch(() => {});
    if (before !== "closed" && wasSent) probes++;
    expect(before === "open" && !isDue && wasSent).toBe(false);
    if (before !== "closed") expect(probes).toBeLessThanOrEqual(3);
    vi.advanceTimersByTime(below(20_000));
  }
});
