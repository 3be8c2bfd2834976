import { join } from "node:path";
import type { Auditor } from "../core/steps.ts";
import type { Log } from "../telemetry/log.ts";
import { createAnchoring } from "./anchors/anchoring.ts";
import { openAnchors } from "./anchors/open-anchors.ts";
import { createAuditor } from "./auditor.ts";
import { type OpenAppendFile, openAppendFile } from "./journal/append-file.ts";
import { ownershipOf } from "./journal/claim.ts";
import { expireRecords } from "./journal/expire.ts";
import { lastRecordOf } from "./journal/find-end.ts";
import { createJournal, type Journal, type JournalCounts } from "./journal/journal.ts";
import { ownIdentity } from "./journal/process-identity.ts";
import { listChains, listSegments } from "./journal/segments.ts";
import { createRefusedCallers, type RefusedCaller } from "./refused-callers.ts";
import { createRefusedCalls } from "./refused-calls.ts";
import type { Backlog } from "./relay/backlog.ts";
import { openSinks } from "./relay/open-sinks.ts";
import { readPosition } from "./relay/position.ts";
import { createRelay, type Relay, type RelayedChain } from "./relay/relay.ts";
import type { Sink } from "./relay/sink.ts";
import { createStdoutSink } from "./relay/stdout-sink.ts";
import type { AuditSettings } from "./settings.ts";

/** The audit of one process. */
export interface Audit {
  auditor: Auditor;
  /** Records a caller whose credentials were not accepted or not looked at. Many are gathered. */
  callerRefused(caller: RefusedCaller): void;
  /** What each sink does not have yet, and how often bringing it there failed. */
  backlogs(): Promise<(Backlog & { sink: string; failures: number })[]>;
  /** What the journal did so far. */
  journal(): JournalCounts;
  /** Resolves when every sink has, or does not take, the records of the calls answered so far, or after that time. */
  flush(withinMs: number): Promise<void>;
  /** Writes and relays what there is, and anchors the end. */
  close(): Promise<void>;
}

export interface AuditOptions {
  settings: AuditSettings;
  log: Log;
  version: string;
  /** Takes the lines of the sink `stdout`; left out, there is no such sink. */
  out?: ((line: string) => void) | undefined;
  /** Whether this process stays: it relays what other processes left behind then, and deletes what has expired. */
  isServer: boolean;
  now(): number;
  newId(): string;
  /** Default: the file system's. */
  openFile?: OpenAppendFile;
  /** How long a call waits for a journal whose disk does not answer. Milliseconds. Default: 10 seconds. */
  waitMs?: number;
}

/** How long the end of a process may wait for its sinks. What they do not have by then, the next process relays. */
const closeMs = 3_000;
const expireEveryMs = 6 * 3_600_000;

/** Opens nothing before the first record: a process that calls no tool leaves no trace. */
export function createAudit(options: AuditOptions): Audit {
  const { settings, log, out, now, isServer, openFile = openAppendFile, waitMs = 10_000 } = options;
  const { journalDir: dir, anchor, retentionDays } = settings;
  const journal = createJournal({ ...options, dir, rotateBytes: settings.rotateBytes, openFile });
  const anchoring = anchor && createAnchoring({ journal, store: openAnchors(anchor), log, now });
  const sinks = [...openSinks(settings, now), ...(out ? [createStdoutSink(out)] : [])];
  const chains = (takesAll: boolean) => chainsToRelay(dir, journal, takesAll && isServer);
  const relays = sinks.map((sink) => createRelay({ sink, chains, log, random: Math.random, now }));
  journal.onDurable(() => {
    for (const relay of relays) relay.wake();
  });
  const relayedThrough = (folder: string) => leastPosition(folder, sinks);
  const expire = () =>
    expireRecords({ dir, journal, retentionDays, relayedThrough, now }).catch((error: unknown) =>
      log.error("expired audit records cannot be deleted", { error }),
    );
  const refusedCallers = createRefusedCallers({ journal, log, now });
  const refusedCalls = createRefusedCalls({ writer: journal, log, now });
  const timer = isServer ? setInterval(() => void expire(), expireEveryMs) : undefined;
  timer?.unref();
  return {
    auditor: createAuditor({
      ...{ writer: journal, refusedCalls, waitMs, now },
      place: "the audit journal",
      advice: "look at the disk of the journal (setting audit.journalDir)",
    }),
    callerRefused: refusedCallers.refused,
    backlogs: () => Promise.all(relays.map(backlogOf)),
    journal: () => journal.counts(),
    async flush(withinMs) {
      await Promise.all(relays.map((relay) => relay.flush(withinMs)));
    },
    async close() {
      clearInterval(timer);
      refusedCallers.close();
      refusedCalls.close();
      if (isServer) await expire();
      await endOf(journal, relays);
      await anchoring?.close();
    },
  };
}

async function backlogOf(relay: Relay) {
  return { sink: relay.sink, failures: relay.failures(), ...(await relay.backlog()) };
}

/** The last record is relayed too, so the journal ends first; what it says of its chain is kept for the relays. */
async function endOf(journal: Journal, relays: readonly Relay[]): Promise<void> {
  await journal.close();
  await Promise.all(relays.map((relay) => relay.close(closeMs)));
}

async function chainsToRelay(dir: string, journal: Journal, takesAll: boolean): Promise<RelayedChain[]> {
  const own = journal.own();
  const found: RelayedChain[] = own ? [{ folder: own.folder, through: own.head.sequence }] : [];
  if (!takesAll) return found;
  for (const chain of await listChains(dir)) {
    const folder = join(dir, chain);
    if (chain === own?.chain || (await ownershipOf(folder, ownIdentity())) === "owned") continue;
    const last = (await listSegments(folder)).at(-1);
    const record = last && (await lastRecordOf(last));
    if (last) found.push({ folder, through: record?.sequence ?? last.firstSequence });
  }
  return found;
}

async function leastPosition(folder: string, sinks: readonly Sink[]): Promise<number> {
  const positions = await Promise.all(
    sinks.filter(({ takesAll }) => takesAll).map(({ name }) => readPosition(folder, name)),
  );
  return Math.min(Number.MAX_SAFE_INTEGER, ...positions.map(({ sequence }) => sequence));
}
