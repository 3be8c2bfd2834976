import { localPrincipal } from "../../core/principal.ts";
import type { Lake } from "../../lake/lake.ts";
import { type Check, failed, ok, wordsOf } from "./check.ts";

/** Runs a statement that reads nothing: shows that worker processes start on this machine and answer. */
export async function checkQueryWorker(lake: Lake): Promise<Check> {
  const startedMs = performance.now();
  const scope = {
    tenantId: localPrincipal.tenantId,
    principalId: localPrincipal.id,
    signal: AbortSignal.timeout(30_000),
    progress: () => {},
  };
  try {
    const { rows } = await lake.query(
      { sql: "SELECT 42 AS answer", sources: {}, maxRows: 1, maxBytes: 1000 },
      scope,
    );
    if (rows[0]?.[0] !== 42) throw new Error(`It answered ${JSON.stringify(rows)} to SELECT 42`);
    return ok("query worker", `answered in ${Math.round(performance.now() - startedMs)} ms`);
  } catch (thrown) {
    return failed(
      "query worker",
      wordsOf(thrown),
      "Check free memory, and that this system may run child processes. SLUICE_LOG_LEVEL=debug says more.",
    );
  }
}
