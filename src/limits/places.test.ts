import { afterEach, expect, test, vi } from "vitest";
import { Places } from "./places.ts";

afterEach(() => vi.useRealTimers());

test("of a thousand at once as many run as there are places, some wait, the rest are refused at once", async () => {
  const places = new Places({ concurrency: 100, queue: 200, queueMs: 10_000 });
  const running: (() => void)[] = [];
  let refused = 0;
  const calls = Array.from({ length: 1_000 }, () =>
    places.take().then(
      (release) => running.push(release),
      (thrown: unknown) => {
        expect(thrown).toMatchObject({ code: "throttled", details: { retryAfterMs: 1_000 } });
        refused += 1;
      },
    ),
  );
  const startedMs = performance.now();
  await vi.waitFor(() => expect(refused).toBe(700));
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(places.use).toEqual({ taken: 100, waiting: 200 });
  let done = 0;
  while (done < 300) {
    const releases = running.splice(0);
    expect(releases.length).toBeLessThanOrEqual(100);
    done += releases.length;
    for (const release of releases) release();
    await new Promise(setImmediate);
  }
  await Promise.all(calls);
  expect(places.use).toEqual({ taken: 0, waiting: 0 });
});

test("who came first is served first, and nobody steps in between", async () => {
  const places = new Places({ concurrency: 1, queue: 10, queueMs: 10_000 });
  const served: string[] = [];
  const take = async (name: string) => {
    const release = await places.take();
    served.push(name);
    return release;
  };
  const release = await take("first");
  const waiting = [take("second"), take("third")];
  release();
  const late = take("late");
  for (const one of [...waiting, late]) (await one)();
  expect(served).toEqual(["first", "second", "third", "late"]);
});

test("a caller who leaves gives up its turn, and one who has left gets none", async () => {
  const places = new Places({ concurrency: 1, queue: 10, queueMs: 10_000 });
  const release = await places.take();
  const leaving = new AbortController();
  const left = places.take(leaving.signal);
  const stays = places.take();
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: "timeout" });
  await expect(places.take(AbortSignal.abort())).rejects.toMatchObject({ code: "timeout" });
  release();
  (await stays)();
  expect(places.use).toEqual({ taken: 0, waiting: 0 });
});

test("whoever waits in vain is told so when its time is over", async () => {
  vi.useFakeTimers();
  const places = new Places({ concurrency: 1, queue: 1, queueMs: 500 });
  const release = await places.take();
  const waiting = places.take();
  const refused = expect(waiting).rejects.toMatchObject({
    code: "throttled",
    message: expect.stringContaining("500 ms"),
  });
  await vi.advanceTimersByTimeAsync(500);
  await refused;
  release();
  expect(places.use).toEqual({ taken: 0, waiting: 0 });
});

test("a place given back twice is given back once", async () => {
  const places = new Places({ concurrency: 2, queue: 0, queueMs: 1 });
  const [first] = [await places.take(), await places.take()];
  first();
  first();
  expect(places.use.taken).toBe(1);
  await places.take();
  await expect(places.take()).rejects.toMatchObject({ code: "throttled" });
});
