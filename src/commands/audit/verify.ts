import { openAnchors } from "../../audit/anchors/open-anchors.ts";
import type { AuditTable } from "../../audit/table/audit-table.ts";
import type { Problem } from "../../audit/verify/problem.ts";
import { type Verdict, verifyJournal } from "../../audit/verify/verify-journal.ts";
import { type TableVerdict, verifyTable } from "../../audit/verify/verify-table.ts";
import { leastRetentionDays } from "../../core/least-retention.ts";
import { table as renderTable } from "../../core/render.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { type JournalSettings, loadRecordPlace } from "./settings.ts";

/** Checks the journal or the table. Exits with 1 where something is wrong. */
export async function verify(context: CommandContext, { json }: { json: boolean }): Promise<ExitCode> {
  const { terminal } = context;
  const { journal, table } = await loadRecordPlace(context);
  const verdict = table ? await verdictOnTable(table) : await verdictOnJournal(journal);
  const isWhole = verdict.problems.length === 0;
  if (json) terminal.out(JSON.stringify({ whole: isWhole, ...verdict }, undefined, 2));
  else tell(verdict, context);
  const count = verdict.problems.length;
  terminal.err(
    isWhole
      ? `The ${table ? "table" : "journal"} is whole.`
      : `${count} ${count === 1 ? "thing is" : "things are"} wrong.`,
  );
  return isWhole ? 0 : 1;
}

function verdictOnJournal({ journalDir: dir, anchorSettings }: JournalSettings): Promise<Verdict> {
  const store = anchorSettings && openAnchors(anchorSettings);
  return verifyJournal({ dir, store, retentionDays: leastRetentionDays });
}

async function verdictOnTable(table: AuditTable): Promise<TableVerdict> {
  try {
    return await verifyTable(table.read({}), Date.now() - leastRetentionDays * 86_400_000);
  } finally {
    await table.close();
  }
}

function tell({ chains, problems, notes }: Verdict | TableVerdict, { terminal }: CommandContext): void {
  const rows = chains.map((one) => [
    one.chain,
    "files" in one ? one.files : "in a table",
    one.records,
    one.firstSequence,
    one.lastSequence,
    "anchoredThrough" in one ? one.anchoredThrough : 0,
  ]);
  terminal.out(renderTable(["chain", "files", "records", "from", "to", "anchored to"], rows));
  for (const problem of problems) terminal.out(`✗ ${problem.kind}: ${problem.message} (${placeOf(problem)})`);
  for (const note of notes) terminal.out(`! ${note}`);
}

function placeOf({ chain, file, line }: Problem): string {
  if (file === undefined) return `chain ${chain}`;
  return line === undefined ? file : `${file}:${line}`;
}
