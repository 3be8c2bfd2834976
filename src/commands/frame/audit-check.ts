import type { Dependency } from "../../adapters/http/health.ts";
import type { Audit } from "../../audit/create-audit.ts";

/**
 * The journal and its sinks, as ready: a server whose journal cannot be written still reads, and one whose sink is down
 * loses nothing. Says what waits.
 */
export async function checkRecords(audit: Audit | undefined): Promise<Dependency[]> {
  if (!audit) return [];
  const { isWritable } = audit.journal();
  const name = "audit journal";
  const refuses = "cannot be written: calls that change things are refused";
  const sinks = await audit.backlogs();
  return [
    { name, ready: true, ...(isWritable ? {} : { detail: refuses }) },
    ...sinks.map(({ sink, records, oldestMs }) => ({
      name: `audit sink ${sink}`,
      ready: true,
      ...(records > 0 && {
        detail: `${records} records wait, the oldest for ${Math.ceil(oldestMs / 1000)} s`,
      }),
    })),
  ];
}
