import type { AnchorStore } from "../../audit/anchors/anchors.ts";
import { openAnchors } from "../../audit/anchors/open-anchors.ts";
import type { AuditTable } from "../../audit/table/audit-table.ts";
import type { Problem } from "../../audit/verify/problem.ts";
import { type Verdict, verifyJournal } from "../../audit/verify/verify-journal.ts";
import { type TableVerdict, verifyTable } from "../../audit/verify/verify-table.ts";
import { leastRetentionDays } from "../../core/least-retention.ts";
import { table as renderTable } from "../../core/render.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { type JournalSettings, loadRecordPlace } from "./settings.ts";

/** Checks the journal or the table. Exits with 1 where something is wrong, and says whole of nothing without anchors. */
export async function verify(context: CommandContext, { json }: { json: boolean }): Promise<ExitCode> {
  const { terminal } = context;
  const { journal, table, anchorSettings } = await loadRecordPlace(context);
  const store = anchorSettings && openAnchors(anchorSettings);
  const verdict = table ? await verdictOnTable(table, store) : await verdictOnJournal(journal, store);
  const holds = verdict.problems.length === 0;
  const ends = endsOf(verdict, store);
  const told = { whole: holds && ends.checked, endsChecked: ends.checked, ...verdict };
  if (json) terminal.out(JSON.stringify(told, undefined, 2));
  else tell(verdict, context);
  const count = verdict.problems.length;
  const place = table ? "table" : "journal";
  if (!holds) terminal.err(`${count} ${count === 1 ? "thing is" : "things are"} wrong.`);
  else if (ends.checked) terminal.err(`The ${place} is whole.`);
  else terminal.err(`What is there of the ${place} holds. ${ends.why}`);
  return holds ? 0 : 1;
}

/** Whether records that were cut off the end of any chain would have been missed: only an anchor tells how far a chain went. */
function endsOf({ chains }: Verdict | TableVerdict, store: Store): { checked: boolean; why: string } {
  if (!store)
    return { checked: false, why: "Its end cannot be checked without an anchor: set audit.anchor." };
  const open = chains.filter(({ anchoredThrough }) => anchoredThrough === 0).length;
  const of = `${open} of ${chains.length} ${chains.length === 1 ? "chain" : "chains"}`;
  return { checked: open === 0, why: `The end of ${of} cannot be checked: no anchor of it was found.` };
}

type Store = AnchorStore | undefined;

function verdictOnJournal({ journalDir: dir }: JournalSettings, store: Store): Promise<Verdict> {
  return verifyJournal({ dir, store, retentionDays: leastRetentionDays });
}

async function verdictOnTable(table: AuditTable, store: Store): Promise<TableVerdict> {
  const keptSinceMs = Date.now() - leastRetentionDays * 86_400_000;
  try {
    return await verifyTable({ rows: table.read({}), store, keptSinceMs });
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
    one.anchoredThrough,
  ]);
  terminal.out(renderTable(["chain", "files", "records", "from", "to", "anchored to"], rows));
  for (const problem of problems) terminal.out(`✗ ${problem.kind}: ${problem.message} (${placeOf(problem)})`);
  for (const note of notes) terminal.out(`! ${note}`);
}

function placeOf({ chain, file, line }: Problem): string {
  if (file === undefined) return `chain ${chain}`;
  return line === undefined ? file : `${file}:${line}`;
}
