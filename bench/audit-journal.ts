import { createAuditor } from "../src/audit/auditor.ts";
import { openAppendFile } from "../src/audit/journal/append-file.ts";
import { createJournal } from "../src/audit/journal/journal.ts";
import { verifyJournal } from "../src/audit/verify/verify-journal.ts";
import { callTool } from "../src/core/call.ts";
import { localPrincipal } from "../src/core/principal.ts";
import { allowWrites, unguarded } from "../src/core/steps.ts";
import { createLog } from "../src/telemetry/log.ts";
import { pathWith, tool } from "../test/harness/call-path.ts";

/** What a journal took while `concurrency` callers each wrote their next record when the last was durable. */
export interface JournalLoad {
  perSecond: number;
  latenciesMs: number[];
  syncs: number;
  records: number;
}

export interface JournalCase {
  /** A folder of its own, on the disk in question. */
  dir: string;
  what: "records" | "write calls";
  concurrency: number;
  runMs: number;
}

/** Throws where the journal that was written does not verify. */
export async function measureJournal(given: JournalCase): Promise<JournalLoad> {
  const measured = await measure(given);
  const { problems } = await verifyJournal({ dir: given.dir, store: undefined, retentionDays: 90 });
  if (problems.length > 0) throw new Error(`The journal does not verify: ${problems[0]?.message}`);
  return measured;
}

async function measure({ dir, what, concurrency, runMs }: JournalCase): Promise<JournalLoad> {
  let syncs = 0;
  const log = createLog({ level: "error" });
  const journal = createJournal({
    dir,
    rotateBytes: 64 * 1024 ** 2,
    version: "bench",
    log,
    now: Date.now,
    newId: () => "0000bench",
    async openFile(path) {
      const file = await openAppendFile(path);
      return {
        ...file,
        append(bytes) {
          syncs++;
          return file.append(bytes);
        },
      };
    },
  });
  const once =
    what === "records"
      ? recordOnce(journal)
      : callOnce(
          createAuditor({
            writer: journal,
            refusedCalls: { isGathered: () => false },
            place: "the journal",
            advice: "",
            waitMs: 10_000,
            now: Date.now,
          }),
        );
  await once();
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + runMs;
  const startSyncs = syncs;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let fromMs = performance.now(); fromMs < endMs; fromMs = performance.now()) {
        await once();
        latenciesMs.push(performance.now() - fromMs);
      }
    }),
  );
  const perSecond = (latenciesMs.length / (performance.now() - startedMs)) * 1_000;
  const records = latenciesMs.length * (what === "records" ? 1 : 2);
  const measured = { perSecond, latenciesMs, syncs: syncs - startSyncs, records };
  await journal.close();
  return measured;
}

function recordOnce(journal: ReturnType<typeof createJournal>) {
  return () =>
    journal.require({
      kind: "intent",
      time: new Date().toISOString(),
      call: "3f0c8a52-6a77-4f1e-9a94-1f4d2f6f8e11",
      principal: "local",
      tenant: "default",
      tool: "lake_query",
      effect: "read",
      arguments: { sql: "SELECT status, count(*) AS n FROM 's3://demo-lake/orders/' GROUP BY 1", limit: 100 },
    });
}

function callOnce(auditor: ReturnType<typeof createAuditor>) {
  let ids = 0;
  const path = pathWith([tool("test_write_word", { effect: "write" })], {
    steps: { ...unguarded, confirmer: allowWrites, auditor },
    newId: () => `id-${++ids}`,
    now: Date.now,
  });
  return async () => {
    const result = await callTool(path, {
      name: "test_write_word",
      arguments: { word: "hello" },
      principal: localPrincipal,
    });
    if (result.kind !== "completed") throw new Error(JSON.stringify(result));
  };
}
