import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../src/core/render.ts";
import { measureJournal } from "./audit-journal.ts";
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
    const { perSecond, latenciesMs, syncs, records } = await measureJournal({
      dir,
      what,
      concurrency,
      runMs,
    });
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
