import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nodeForConformance } from "../../test/harness/node24.ts";

/** 1 GB of buffers as sockets make them, none of which is kept. Says how often V8 marked its whole heap meanwhile. */
const passBuffers = `
  import { PerformanceObserver, constants } from "node:perf_hooks";
  import { setImmediate } from "node:timers/promises";
  import { countBuffersInHeapLimit } from ${JSON.stringify(pathToFileURL(`${import.meta.dirname}/platform.ts`).href)};
  if (process.argv.includes("counted")) countBuffersInHeapLimit();
  let marked = 0;
  const observer = new PerformanceObserver((list) => {
    marked += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
  });
  observer.observe({ entryTypes: ["gc"] });
  const heap = Array.from({ length: 200_000 }, (_, at) => ({ at, name: "name " + at }));
  for (let at = 0; at < 16_384; at++) {
    Buffer.allocUnsafeSlow(65_536);
    if (at % 16 === 0) await setImmediate();
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(JSON.stringify({ marked, held: heap.length, major: Number(process.versions.node.split(".")[0]) }));
`;

async function timesMarked(...options: string[]): Promise<{ marked: number; major: number }> {
  const args = ["--input-type=module", "-e", passBuffers, "--", ...options];
  const { stdout, stderr } = await promisify(execFile)(nodeForConformance(), args);
  expect(stderr.replaceAll(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, "")).toBe("");
  const { marked, held, major } = JSON.parse(stdout) as { marked: number; held: number; major: number };
  expect(held).toBe(200_000);
  return { marked, major };
}

test("buffers that pass through do not make V8 mark its whole heap again and again", {
  timeout: 60_000,
}, async () => {
  const { marked, major } = await timesMarked();
  if (major === 24 || major === 25) expect(marked).toBeGreaterThan(8);
  expect((await timesMarked("counted")).marked).toBeLessThan(5);
});
