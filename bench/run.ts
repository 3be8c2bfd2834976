import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildProduct, bundlePrograms } from "./bundle.ts";
import { createChildren } from "./children.ts";
import { renderReport, type Section } from "./report.ts";
import { measureStdioStart } from "./stdio-start.ts";
import { measureThroughput } from "./throughput.ts";

const parts = ["throughput", "stdio"] as const;
const usage = `Usage: npm run bench -- [options]

  --only <part>     ${parts.join(" | ")}; may be given more than once (default: all)
  --rounds <n>      rounds that count, per number (default 5)
  --seconds <n>     length of one round of load (default 1.5)
  --write           put the tables into bench/RESULTS.md

The lake has a benchmark of its own: npm run bench:lake
`;

const heading = {
  title: "Benchmarks",
  command: "npm run bench -- --write",
  about:
    "Ratios hold better than times: both sides ran in the same minutes on the same machine, in turns. The lake has a " +
    "page of its own, docs/performance.md, by `npm run bench:lake`.",
};

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [...parts] },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1.5" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const unknown = values.only.filter((part) => !parts.some((known) => known === part));
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1_000;
if (unknown.length > 0 || !(rounds >= 1 && rounds <= 50) || !(durationMs >= 100 && durationMs <= 30_000)) {
  process.stderr.write(usage);
  process.exit(2);
}

const children = createChildren();
const say = (text: string) => process.stderr.write(`${text}\n`);
try {
  const programAt = await bundlePrograms();
  const product = await buildProduct();
  const sections: Section[] = [];
  const wants = (part: (typeof parts)[number]) => values.only.includes(part);
  if (wants("throughput"))
    sections.push(await measureThroughput({ children, programAt, rounds, durationMs, say }));
  if (wants("stdio"))
    sections.push(await measureStdioStart({ children, programAt, product, rounds: rounds * 2, say }));
  const report = renderReport(heading, sections, new Date());
  process.stdout.write(report);
  if (values.write) await writeFile(join(import.meta.dirname, "RESULTS.md"), report);
} finally {
  await children.stopAll();
}
