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
  /** `undefined`: not measured. */
  met: boolean | undefined;
}

/** What stands above the tables. */
export interface Heading {
  title: string;
  /** The command that writes the page. */
  command: string;
  about: string;
}

/** The report as Markdown, with the facts of the machine that its numbers depend on. */
export function renderReport(heading: Heading, sections: readonly Section[], measuredOn: Date): string {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return [
    `# ${heading.title}`,
    "",
    `Written by \`${heading.command}\`. ${heading.about}`,
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
    ...(columns.length === 0 ? [] : [line(columns), line(rules(widths)), ...rows.map(line), ""]),
    ...goals.map(({ text, met }) => `- ${verdicts[String(met)]}: ${text}`),
    ...(goals.length > 0 ? [""] : []),
  ];
}

const verdicts: Readonly<Record<string, string>> = {
  true: "met",
  false: "**missed**",
  undefined: "not measured",
};

function rules(widths: readonly number[]): string[] {
  return widths.map((width, index) => (index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
}

/** The first column is words, the others are numbers. */
function pad(text: string, width: number, index: number): string {
  return index === 0 ? text.padEnd(width) : text.padStart(width);
}

/** `1.43 ×`. */
export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}
