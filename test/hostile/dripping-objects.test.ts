import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { loadS3Client } from "../../src/lake/stores/s3-clients.ts";
import { createBreakers } from "../../src/resilience/breakers.ts";
import { lakeSettings, loopbackS3 } from "../harness/lake-settings.ts";
import { s3Credentials } from "../harness/s3-server.ts";

const sizeBytes = 64 * 1024 * 1024;
/** So long a body may bring next to nothing. */
const answerMs = 400;

let send: (response: ServerResponse) => void;
/** Objects of which the head comes at once, and the rest as `send` has it. */
const server = createServer((_request, response) => {
  response.writeHead(200, { etag: '"e"', "content-length": sizeBytes });
  send(response);
});
let stores: ReturnType<typeof createStores>;
let breakers: ReturnType<typeof createBreakers>;
// It takes longer than the callers of these tests wait.
beforeAll(loadS3Client);
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 5_000 };
  breakers = createBreakers({ settings, now: () => performance.now() });
  const buckets = [{ bucket: "data", prefix: "" }];
  stores = createStores(lakeSettings({ buckets, s3: loopbackS3(endpoint) }), {
    ...{ credentials: s3Credentials, guard: breakers },
    timeouts: { answerMs, idleMs: 5_000 },
  });
});
afterEach(async () => {
  stores.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function every(pauseMs: number, bytes: Buffer) {
  return (response: ServerResponse) => {
    response.write(bytes);
    const timer = setInterval(() => response.write(bytes), pauseMs);
    response.once("close", () => clearInterval(timer));
  };
}
const drip = every(20, Buffer.alloc(1));

/** A caller that leaves after so long, and takes `takesMs` over each piece. */
async function leaveAfter(leaveMs: number, takesMs = 0): Promise<void> {
  const caller = new AbortController();
  const timer = setTimeout(() => caller.abort(), leaveMs);
  try {
    const { body } = await stores.read(
      { location: { kind: "s3", bucket: "data", key: "a.csv" } },
      caller.signal,
    );
    for await (const _ of body) if (takesMs > 0) await sleep(takesMs, undefined, { signal: caller.signal });
  } catch {
    // It left.
  } finally {
    clearTimeout(timer);
  }
}

const leaveFiveTimes = async (leaveMs: number, takesMs?: number) => {
  for (let time = 0; time < 5; time++) await leaveAfter(leaveMs, takesMs);
  // The last body says how it ended once its connection is closed.
  await sleep(50);
  return breakers.reports()[0]?.state;
};

test.each([
  ["drip", drip],
  ["stop after their head", () => {}],
  ["stop after a megabyte", (response: ServerResponse) => void response.write(Buffer.alloc(1024 * 1024))],
])("objects that %s cut S3 off though every caller leaves first", async (_what, how) => {
  send = how;
  expect(await leaveFiveTimes(answerMs * 1.5)).toBe("open");
  const caller = new AbortController();
  const refused = stores.head({ kind: "s3", bucket: "data", key: "a.csv" }, caller.signal);
  await expect(refused).rejects.toMatchObject({ code: "unavailable", details: { breaker: "open" } });
});

test.each<[string, typeof send, number, number]>([
  ["that leave before it is long", drip, answerMs / 2, 0],
  ["of a slow network", every(20, Buffer.alloc(4 * 1024)), answerMs * 2, 0],
  // What was waited for comes at once.
  ["that are slow themselves", every(20, Buffer.alloc(32 * 1024)), answerMs * 2, answerMs],
])("callers %s say nothing of S3", async (_what, how, leaveMs, takesMs) => {
  send = how;
  expect(await leaveFiveTimes(leaveMs, takesMs)).toBe("closed");
});
