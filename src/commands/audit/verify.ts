import { openAnchors } from "../../audit/anchors/open-anchors.ts";
import type { Problem } from "../../audit/verify/problem.ts";
import { type Verdict, verifyJournal } from "../../audit/verify/verify-journal.ts";
import { table } from "../../core/render.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { loadJournalSettings } from "./settings.ts";

/** What holds whatever `audit.retentionDays` was when records were deleted: it may not be less. */
const leastRetentionDays = 90;

/** Checks the journal. Exits with 1 where something is wrong. */
export async function verify(context: CommandContext, { json }: { json: boolean }): Promise<ExitCode> {
  const { terminal } = context;
  const { journalDir, anchorSettings } = await loadJournalSettings(context);
  const store = anchorSettings && openAnchors(anchorSettings);
  const verdict = await verifyJournal({ dir: journalDir, store, retentionDays: leastRetentionDays });
  const isWhole = verdict.problems.length === 0;
  if (json) terminal.out(JSON.stringify({ whole: isWhole, ...verdict }, undefined, 2));
  else tell(verdict, context);
  const count = verdict.problems.length;
  terminal.err(
    isWhole ? "The journal is whole." : `${count} ${count === 1 ? "thing is" : "things are"} wrong.`,
  );
  return isWhole ? 0 : 1;
}

function tell({ chains, problems, notes }: Verdict, { terminal }: CommandContext): void {
  const rows = chains.map(({ chain, files, records, firstSequence, lastSequence, anchoredThrough }) => [
    chain,
    files,
    records,
    firstSequence,
    lastSequence,
    anchoredThrough,
  ]);
  terminal.out(table(["chain", "files", "records", "from", "to", "anchored to"], rows));
  for (const problem of problems) terminal.out(`✗ ${problem.kind}: ${problem.message} (${placeOf(problem)})`);
  for (const note of notes) terminal.out(`! ${note}`);
}

function placeOf({ chain, file, line }: Problem): string {
  if (file === undefined) return `chain ${chain}`;
  return line === undefined ? file : `${file}:${line}`;
}
