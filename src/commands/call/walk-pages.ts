import type { ExitCode } from "../frame/command.ts";
import type { Terminal } from "../frame/terminal.ts";
import { printAnswer } from "./print-answer.ts";
import type { Answer } from "./tool-caller.ts";

/** Fields of a page that are about the page and not of what it lists. */
const aboutPage = new Set(["columns", "notes", "untrusted", "rejects"]);

/**
 * Follows the cursor to the end and prints NDJSON: one object per row, or for tools without rows one
 * `{"<field>": item}` per listed item. Notes go to standard error, each once.
 */
export async function walkPages(
  tool: string,
  args: Record<string, unknown>,
  call: (args: Record<string, unknown>) => Promise<Answer>,
  terminal: Terminal,
): Promise<ExitCode> {
  const said = new Set<string>();
  let page = args;
  for (;;) {
    const answer = await call(page);
    if (answer.kind !== "completed") return printAnswer(tool, answer, false, terminal);
    const { output } = answer;
    for (const line of linesOf(output)) terminal.out(line);
    for (const note of Array.isArray(output.notes) ? output.notes : []) {
      if (!said.has(String(note))) terminal.err(String(note));
      said.add(String(note));
    }
    if (typeof output.cursor !== "string") return 0;
    if (output.cursor === page.cursor)
      throw new Error(`${tool} gave the same cursor twice: stopped, or it would go on for ever.`);
    page = { ...args, cursor: output.cursor };
  }
}

function linesOf(output: Record<string, unknown>): string[] {
  const { columns, rows } = output;
  if (Array.isArray(columns) && Array.isArray(rows)) {
    const names = columns.map((column: { name?: unknown } | string) =>
      String(typeof column === "string" ? column : column?.name),
    );
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new Error(
        `Two columns are named "${twice}": give one another name (AS) to print rows as objects.`,
      );
    return rows.map((row: unknown[]) =>
      JSON.stringify(Object.fromEntries(names.map((name, index) => [name, row[index]]))),
    );
  }
  return Object.entries(output).flatMap(([field, items]) =>
    Array.isArray(items) && !aboutPage.has(field)
      ? items.map((item) => JSON.stringify({ [field]: item }))
      : [],
  );
}
