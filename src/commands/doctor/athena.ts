import { ToolError } from "../../core/errors.ts";
import type { AthenaTables, Workgroup } from "../../lake/athena/open-athena.ts";
import { type Check, checkTimeoutMs, failed, ok, warning, wordsOf } from "./check.ts";

const name = "athena";

/** Looks at the workgroup and at the tables of the catalog, as queries will. Starts no query: that could cost money. */
export async function checkAthena(
  athena: AthenaTables | undefined,
  { maxScanBytes }: { maxScanBytes: number },
): Promise<Check[]> {
  if (!athena) return [];
  const signal = AbortSignal.timeout(checkTimeoutMs);
  try {
    const [workgroup, { sources, notes }] = await Promise.all([
      athena.workgroup(signal),
      athena.list(signal),
    ]);
    return [judgeWorkgroup(workgroup, maxScanBytes), judgeTables(sources.length, notes)];
  } catch (thrown) {
    const isDenied = thrown instanceof ToolError && thrown.code === "denied";
    const mend = isDenied
      ? "Grant athena:GetWorkGroup and what docs/athena.md lists."
      : "Check lake.athena.workgroup, lake.athena.region and the network.";
    return [failed(name, wordsOf(thrown), mend)];
  }
}

function judgeWorkgroup(
  { name: workgroup, isEnabled, outputLocation, cutoffBytes }: Workgroup,
  maxScanBytes: number,
) {
  if (!isEnabled)
    return failed(
      name,
      `the workgroup ${workgroup} is disabled`,
      "Enable it, or name another in lake.athena.workgroup.",
    );
  if (outputLocation === undefined) {
    return failed(
      name,
      `the workgroup ${workgroup} has no place for results`,
      "Give it one, or set lake.athena.outputLocation.",
    );
  }
  const found = `the workgroup ${workgroup} is enabled; results go to ${outputLocation}`;
  if (cutoffBytes !== undefined && cutoffBytes <= maxScanBytes) return ok(name, found);
  return warning(
    name,
    `${found}; Athena itself stops no query at lake.athena.maxScanBytes (${maxScanBytes})`,
    "Set the workgroup's data usage control (BytesScannedCutoffPerQuery): Sluice sees what is scanned only now and then.",
  );
}

function judgeTables(tables: number, notes: readonly string[]): Check {
  const [note] = notes;
  if (tables === 0) {
    return warning(
      "athena tables",
      note ?? "none of the catalog may be read",
      "Set lake.athena.tables: database.table or database.*",
    );
  }
  return note === undefined
    ? ok("athena tables", `${tables} may be read`)
    : warning("athena tables", note, "Name fewer in lake.athena.tables.");
}
