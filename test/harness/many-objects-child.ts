import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { createLake } from "../../src/lake/create-lake.ts";
import { lakeSettings } from "./lake-settings.ts";
import { s3Credentials } from "./s3-server.ts";

/**
 * A process of its own that asks of the objects below `s3://lake/<argv[4]>/` at the endpoint `argv[2]`, with its cache in
 * `argv[3]`. Prints as JSON each step's rows or fault, its milliseconds, and by how much memory grew at its peak.
 * Linux only: reads /proc.
 */
const [endpoint = "", dir = "", folder = ""] = process.argv.slice(2);
const uri = `s3://lake/${folder}/`;
const base = lakeSettings();
const lake = createLake({
  ...base,
  buckets: [{ bucket: "lake", prefix: "" }],
  s3: { region: "eu-west-1", endpoint, forcePathStyle: true, credentials: s3Credentials },
  cache: { dir, maxBytes: 1_000_000_000 },
  query: { ...base.query, timeoutMs: 240_000 },
});
const { signal } = new AbortController();
setMaxListeners(0, signal);
const scope = { tenantId: "acme", principalId: "ann", signal, progress: () => {} };
const peakBytes = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;

async function ask(sql: string): Promise<unknown[][]> {
  return (await lake.query({ sql, sources: { t: { uri } }, maxRows: 100, maxBytes: 100_000 }, scope)).rows;
}

async function list(): Promise<number> {
  let after: string | undefined;
  let count = 0;
  do {
    const place = after === undefined ? {} : { after };
    const page = await lake.stores.list(
      { location: lake.stores.resolve(uri), maxKeys: 1_000, ...place },
      signal,
    );
    count += page.objects.length;
    after = page.next;
  } while (after !== undefined);
  return count;
}

const steps: Record<string, () => Promise<unknown>> = {
  list,
  count: () => ask("SELECT count(*) FROM t"),
  group: () => ask("SELECT k, count(*), sum(id) FROM t GROUP BY k ORDER BY k"),
  again: () => ask("SELECT k, count(*), sum(id) FROM t GROUP BY k ORDER BY k"),
  glob: async () =>
    (
      await lake.query(
        {
          sql: "SELECT count(*) FROM g",
          sources: { g: { uri: `${uri}part-00*` } },
          maxRows: 1,
          maxBytes: 1_000,
        },
        scope,
      )
    ).rows,
};

for (const [name, step] of Object.entries(steps)) {
  const beforeBytes = peakBytes();
  const startMs = performance.now();
  const answer = await step().catch((thrown: unknown) => String(thrown));
  const report = {
    name,
    answer,
    tookMs: Math.round(performance.now() - startMs),
    grownBytes: peakBytes() - beforeBytes,
    peakBytes: peakBytes(),
  };
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(report)}\n`, resolve));
}
await lake.close();
process.exit(0);
