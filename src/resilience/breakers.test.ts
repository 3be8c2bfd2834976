import { expect, test, vi } from "vitest";
import { createBreakers } from "./breakers.ts";

const settings = { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 10_000 };
const down = new Error("503");

test("of a process's breakers each service, account and region has its own", async () => {
  const changed = vi.fn();
  const breakers = createBreakers({ settings, now: () => 0, changed });
  const request = (send: () => Promise<string>) => ({
    send,
    signal: new AbortController().signal,
    isFailure: () => true,
  });
  const [s3, other] = [
    { service: "s3", region: "eu-central-1" },
    { service: "s3", region: "us-east-1", account: "1" },
  ];
  for (let at = 0; at < 5; at++) {
    await breakers
      .run(
        s3,
        request(() => Promise.reject(down)),
      )
      .catch(() => {});
  }
  expect(
    await breakers.run(
      other,
      request(async () => "answer"),
    ),
  ).toBe("answer");
  expect(breakers.reports()).toEqual([
    { service: "s3", region: "eu-central-1", state: "open", retryAfterMs: 60_000 },
    { service: "s3", region: "us-east-1", account: "1", state: "closed", retryAfterMs: 0 },
  ]);
  expect(changed.mock.calls).toEqual([[s3, "open"]]);
});
