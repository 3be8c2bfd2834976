import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { buildProduct, bundleLakePrograms } from "../bundle.ts";
import { createChildren } from "../children.ts";
import { renderReport } from "../report.ts";
import { boundsOf } from "./bounds.ts";
import { cacheDir, datasets, openLakeData, wholeRows } from "./data.ts";
import { measureLake } from "./measure.ts";
import { describeRun } from "./page.ts";
import { questionsOf } from "./questions.ts";
import { wrongAnswer } from "./results.ts";
import { usualLink } from "./s3-model/link.ts";
import { findPolars } from "./sides/find-polars.ts";
import { tablesOf } from "./tables.ts";

const root = join(import.meta.dirname, "..", "..");

const usage = `Usage: npm run bench:lake -- [options]

  --only <what>     ${datasets.join(" | ")}, or a question by its name ("pruned filter"); may be given more than once (default: all)
  --rounds <n>      how often everything is asked (default 3)
  --rows <n>        order lines in the data (default ${wholeRows}); fewer is quicker, but the bounds are for the default
  --link <MB/s>     what all connections together get; 0 is no bound (default 0)
  --write           put the tables into docs/performance.md

The data is made once, below .cache/bench-lake. Exit code 1: Sluice gave another answer than DuckDB.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "3" },
    rows: { type: "string", default: String(wholeRows) },
    link: { type: "string", default: "0" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const [rounds, rows, linkMegabytes] = [values.rounds, values.rows, values.link].map(Number) as [
  number,
  number,
  number,
];
const questions = questionsOf(rows);
const unknown = values.only.filter(
  (one) => !datasets.some((name) => name === one) && !questions.some(({ name }) => name === one),
);
const isWrong = !(rounds >= 1 && rounds <= 50) || !(rows >= 20_000 && rows <= 100e6) || !(linkMegabytes >= 0);
if (unknown.length > 0 || isWrong) {
  if (unknown.length > 0)
    process.stderr.write(`There is no ${unknown.map((one) => `"${one}"`).join(", ")}.\n`);
  process.stderr.write(usage);
  process.exit(2);
}

const wanted = datasets.flatMap((dataset) =>
  questions
    .filter((question) => question.datasets.includes(dataset))
    .filter(
      ({ name }) => values.only.length === 0 || values.only.includes(dataset) || values.only.includes(name),
    )
    .map((question) => ({ dataset, question })),
);
const link = { ...usualLink, bytesPerSecond: linkMegabytes * 1e6 };
const children = createChildren();
const say = (text: string) => process.stderr.write(`${text}\n`);
const work = join(cacheDir, `run-${process.pid}`);
try {
  await mkdir(work, { recursive: true });
  const programAt = await bundleLakePrograms();
  const product = await buildProduct();
  say("data");
  const data = await openLakeData(cacheDir, rows, children, programAt("generate"));
  const listed = (await readdir(data.folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(data.folder, join(entry.parentPath, entry.name)));
  const polars = findPolars(join(cacheDir, "polars"));
  const found = await measureLake({
    children,
    programAt,
    product,
    data,
    listed,
    link,
    polars,
    rounds,
    wanted,
    work,
    say,
  });
  const bounds = {
    title: "Bounds",
    about:
      "What this run has to show. Bytes are bound where one file is asked: a small file comes whole, in one request that takes less time than two ([ADR 12](adr/0012-many-small-files.md)).",
    columns: [],
    rows: [],
    goals: boundsOf(found),
  };
  const heading = describeRun({ data, link, rounds, given: process.argv.slice(2) });
  const report = renderReport(heading, [bounds, ...tablesOf(found)], new Date());
  process.stdout.write(report);
  if (values.write) await writeFile(join(root, "docs", "performance.md"), report);
  if (found.some(({ outcomes }) => outcomes.Sluice.failure?.startsWith(wrongAnswer))) process.exitCode = 1;
} finally {
  await children.stopAll();
  await rm(work, { recursive: true, force: true });
}
