import { cpus, totalmem } from "node:os";

/** One table of the report. */
export interface Section {
  title: string;
  /** What was measured, in a sentence or two. */
  about: string;
  columns: string[];
  rows: string[][];
  /** What the table has to show, each with whether it did. */
  goals: Goal[];
}

export interface Goal {
  text: string;
  met: boolean;
}

/** The report as Markdown, with the facts of the machine that its numbers depend on. */
export function renderReport(sections: readonly Section[], measuredOn: Date): string {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return [
    "# Benchmarks",
    "",
    "Written by `npm run bench -- --write`. Ratios hold better than times: both sides ran in the same minutes on the",
    "same machine, in turns.",
    "",
    `Measured on ${measuredOn.toISOString().slice(0, 10)}: Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} cores, ${memoryGb} GB of memory.`,
    "",
    ...sections.flatMap(renderSection),
  ].join("\n");
}

function renderSection({ title, about, columns, rows, goals }: Section): string[] {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, index) => pad(cells[index] ?? "", width, index)).join(" | ")} |`;
  return [
    `## ${title}`,
    "",
    about,
    "",
    line(columns),
    `| ${widths.map((width, index) => (index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`,
    ...rows.map(line),
    "",
    ...goals.map(({ text, met }) => `- ${met ? "met" : "**missed**"}: ${text}`),
    ...(goals.length > 0 ? [""] : []),
  ];
}

/** The first column is words, the others are numbers. */
function pad(text: string, width: number, index: number): string {
  return index === 0 ? text.padEnd(width) : text.padStart(width);
}

/** `1.43 ×`. */
export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}
