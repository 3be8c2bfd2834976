import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createAuditor } from "../src/audit/auditor.ts";
import { openAppendFile } from "../src/audit/journal/append-file.ts";
import { createJournal } from "../src/audit/journal/journal.ts";
import { verifyJournal } from "../src/audit/verify/verify-journal.ts";
import { callTool } from "../src/core/call.ts";
import { localPrincipal } from "../src/core/principal.ts";
import { table } from "../src/core/render.ts";
import { allowWrites, unguarded } from "../src/core/steps.ts";
import { createLog } from "../src/telemetry/log.ts";
import { pathWith, tool } from "../test/harness/call-path.ts";
import { quantile } from "./stats.ts";

// How many durable records and recorded calls a second the audit's journal takes on this disk, by how many wait at once.
// A record counts once it is synced: `npm run bench:audit -- --dir /var/lib/sluice` measures the disk of that folder.
const { values } = parseArgs({
  options: { dir: { type: "string", default: tmpdir() }, seconds: { type: "string", default: "3" } },
});
const runMs = Number(values.seconds) * 1_000;
const leastPerSecond = 5_000;

const root = await mkdtemp(join(values.dir, "sluice-bench-audit-"));
const rows: (string | number)[][] = [];
let best = 0;
for (const concurrency of [1, 16, 100, 1_000]) {
  for (const what of ["records", "write calls"] as const) {
    const dir = join(root, `${what}-${concurrency}`.replace(" ", "-"));
    const { perSecond, latenciesMs, syncs, records } = await measure(dir, what, concurrency);
    const { problems } = await verifyJournal({ dir, store: undefined, retentionDays: 90 });
    if (problems.length > 0) throw new Error(`The journal does not verify: ${problems[0]?.message}`);
    best = Math.max(best, what === "records" ? perSecond : 0);
    rows.push([
      what,
      concurrency,
      Math.round(perSecond),
      (records / syncs).toFixed(1),
      `${quantile(latenciesMs, 0.5).toFixed(2)} ms`,
      `${quantile(latenciesMs, 0.99).toFixed(2)} ms`,
    ]);
  }
}
await rm(root, { recursive: true });
const met = best >= leastPerSecond ? "met" : "missed";
process.stdout.write(
  `${table(["what", "at once", "per second", "records per sync", "median", "p99"], rows)}

${cpus().length} processors (${cpus()[0]?.model}), Node ${process.version}. A write call is two records, each durable before it goes on.
Goal: ${leastPerSecond} durable records a second in group commit: ${Math.round(best)}, ${met}.
`,
);
process.exitCode = met === "met" ? 0 : 1;

async function measure(dir: string, what: "records" | "write calls", concurrency: number) {
  let syncs = 0;
  const log = createLog({ level: "error" });
  const journal = createJournal({
    dir,
    rotateBytes: 64 * 1024 ** 2,
    version: "bench",
    log,
    now: Date.now,
    newId: () => "0000bench",
    async openFile(path) {
      const file = await openAppendFile(path);
      return {
        ...file,
        sync() {
          syncs++;
          return file.sync();
        },
      };
    },
  });
  const once =
    what === "records"
      ? recordOnce(journal)
      : callOnce(createAuditor({ journal, log, waitMs: 10_000, now: Date.now }));
  await once();
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + runMs;
  const startSyncs = syncs;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let fromMs = performance.now(); fromMs < endMs; fromMs = performance.now()) {
        await once();
        latenciesMs.push(performance.now() - fromMs);
      }
    }),
  );
  const perSecond = (latenciesMs.length / (performance.now() - startedMs)) * 1_000;
  const records = latenciesMs.length * (what === "records" ? 1 : 2);
  const measured = { perSecond, latenciesMs, syncs: syncs - startSyncs, records };
  await journal.close();
  return measured;
}

function recordOnce(journal: ReturnType<typeof createJournal>) {
  return () =>
    journal.require({
      kind: "intent",
      time: new Date().toISOString(),
      call: "3f0c8a52-6a77-4f1e-9a94-1f4d2f6f8e11",
      principal: "local",
      tenant: "default",
      tool: "lake_query",
      effect: "read",
      arguments: { sql: "SELECT status, count(*) AS n FROM 's3://demo-lake/orders/' GROUP BY 1", limit: 100 },
    });
}

function callOnce(auditor: ReturnType<typeof createAuditor>) {
  let ids = 0;
  const path = pathWith([tool("test_write_word", { effect: "write" })], {
    steps: { ...unguarded, confirmer: allowWrites, auditor },
    newId: () => `id-${++ids}`,
    now: Date.now,
  });
  return async () => {
    const result = await callTool(path, {
      name: "test_write_word",
      arguments: { word: "hello" },
      principal: localPrincipal,
    });
    if (result.kind !== "completed") throw new Error(JSON.stringify(result));
  };
}
