import { expect, test } from "vitest";
import { createDirectCalls, newFile, type SlowDisk } from "./direct-calls.ts";

/** A disk whose calls take `tookMs` of a clock of its own. */
function diskOf(tookMs: () => number, slow?: SlowDisk) {
  let nowMs = 0;
  const calls = createDirectCalls(slow, () => nowMs);
  const ways: string[] = [];
  return {
    ways,
    wait: (ms: number) => {
      nowMs += ms;
    },
    call: () =>
      calls.do(
        () => {
          nowMs += tookMs();
          return ways.push("direct");
        },
        async () => ways.push("pooled"),
      ),
  };
}

test("on a quick disk every call is made directly, also where the processor is taken away now and then", async () => {
  let count = 0;
  const disk = diskOf(() => (++count % 10 === 0 ? 20 : 0.02));
  for (let at = 0; at < 200; at++) await disk.call();
  expect(new Set(disk.ways)).toEqual(new Set(["direct"]));
});

test("on a slow disk calls go through the pool after a few, and it is looked at again after a time", async () => {
  let tookMs = 5;
  const disk = diskOf(() => tookMs);
  for (let at = 0; at < 10; at++) await disk.call();
  expect(disk.ways).toEqual([...Array(4).fill("direct"), ...Array(6).fill("pooled")]);
  disk.wait(30_000);
  await disk.call();
  await disk.call();
  expect(disk.ways.slice(10)).toEqual(["direct", "pooled"]);
  disk.wait(30_000);
  tookMs = 0.02;
  for (let at = 0; at < 20; at++) await disk.call();
  expect(new Set(disk.ways.slice(12))).toEqual(new Set(["direct"]));
});

test("one call that hangs is enough, and what a call throws comes through", async () => {
  const disk = diskOf(() => 3_000);
  await disk.call();
  await disk.call();
  expect(disk.ways).toEqual(["direct", "pooled"]);
  const calls = createDirectCalls();
  const thrown = new Error("EEXIST");
  const fail = () => {
    throw thrown;
  };
  await expect(calls.do(fail, async () => {})).rejects.toBe(thrown);
});

test("a disk that is slow to make one file has the next 64 made through the pool, and is looked at again", async () => {
  const quick = diskOf(() => 0.1, newFile);
  for (let at = 0; at < 200; at++) await quick.call();
  expect(new Set(quick.ways)).toEqual(new Set(["direct"]));
  let tookMs = 5;
  const slow = diskOf(() => tookMs, newFile);
  for (let at = 0; at < 131; at++) await slow.call();
  expect(slow.ways.flatMap((way, at) => (way === "direct" ? [at] : []))).toEqual([0, 65, 130]);
  tookMs = 0.1;
  for (let at = 0; at < 100; at++) await slow.call();
  expect(slow.ways.flatMap((way, at) => (way === "direct" ? [at] : [])).length).toBe(3 + 36);
});

test("a disk that is slow to refuse is slow too", async () => {
  let nowMs = 0;
  const calls = createDirectCalls(newFile, () => nowMs);
  const refuse = () => {
    nowMs += 5;
    throw new Error("refused");
  };
  await expect(calls.do(refuse, async () => 7)).rejects.toThrow("refused");
  expect(await calls.do(refuse, async () => 7)).toBe(7);
});
