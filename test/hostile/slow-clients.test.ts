import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { median, quantile } from "../../bench/stats.ts";
import { type LoadProcess, type LoadRequest, startLoadProcess } from "../harness/load-process.ts";
import { mcpRequest, type ServedLake, serveLake } from "../harness/served-lake.ts";

let lake: ServedLake;
let crowd: LoadProcess;
let others: LoadProcess;
beforeAll(async () => {
  [crowd, others] = [startLoadProcess(), startLoadProcess()];
  lake = await serveLake(() => undefined);
});
afterAll(() => Promise.all([crowd.stop(), others.stop(), lake.remove()]));

const list = mcpRequest("tools/list");

/** 99th percentile of the others' requests in each of so many windows of time: one window that another program spoils is one. */
async function p99s(windows: number): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < windows; at++) {
    const asked = { port: lake.port, request: list, perSecond: 100, durationMs: 1_500 };
    const answers = await others.steady(asked);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const tookMs = answers.map((answer) => answer.tookMs);
    all.push(quantile(tookMs, 0.99));
  }
  return all;
}

function textOf({ path, method = "GET", headers = {}, body = "" }: LoadRequest): string {
  const all = { host: "localhost", ...headers, "content-length": Buffer.byteLength(body) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

test("five hundred slow clients delay nobody else, and those that never finish their headers are cut off", async () => {
  await p99s(1);
  const before = await p99s(5);
  const slow = crowd.slow({
    port: lake.port,
    clients: { headers: 230, body: 230, reader: 40 },
    request: textOf(list),
    // Some megabytes of answers: more than systems keep for a reader.
    repeat: 100,
    everyMs: 500,
    giveUpMs: 16_000,
  });
  // Until what the readers asked for is made: that takes as long for clients that read.
  await sleep(3_000);
  const during = await p99s(5);
  const clients = await slow;
  const [beforeMs, duringMs] = [median(before), median(during)];
  console.log(
    `the others' p99: ${beforeMs.toFixed(1)} ms before, ${duringMs.toFixed(1)} ms meanwhile`,
    before,
    during,
  );
  const of = (slowness: string) => clients.filter((client) => client.slowness === slowness);
  expect(of("headers")).toHaveLength(230);
  for (const { isCutOff, status, connectedMs } of of("headers")) {
    expect({ isCutOff, status }).toEqual({ isCutOff: true, status: "408" });
    expect(connectedMs).toBeGreaterThan(9_500);
  }
  // These had their time, 30 s, and were there to the end.
  for (const { isCutOff } of [...of("body"), ...of("reader")]) expect(isCutOff).toBe(false);
  expect(duringMs).toBeLessThan(Math.max(2 * beforeMs, 25));
}, 90_000);
