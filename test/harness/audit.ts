import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolderAnchors } from "../../src/audit/anchors/folder-anchors.ts";
import { type Audit, type AuditOptions, createAudit } from "../../src/audit/create-audit.ts";
import { openAppendFile } from "../../src/audit/journal/append-file.ts";
import { createJournal, type JournalOptions } from "../../src/audit/journal/journal.ts";
import { listChains, listSegments } from "../../src/audit/journal/segments.ts";
import type { ReadRecord } from "../../src/audit/record/record.ts";
import type { AuditSettings } from "../../src/audit/settings.ts";
import { verifyJournal } from "../../src/audit/verify/verify-journal.ts";
import type { CallPath } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { allowWrites, type Call, unguarded } from "../../src/core/steps.ts";
import type { Log } from "../../src/telemetry/log.ts";
import { pathWith, tool } from "./call-path.ts";

/** A folder for one test's journal and anchors, and what is logged. */
export interface AuditPlace {
  dir: string;
  anchorDir: string;
  /** Events of warnings and errors. */
  logged: string[];
  log: Log;
  journal(options?: Partial<JournalOptions>): ReturnType<typeof createJournal>;
  audit(options?: Partial<Omit<AuditOptions, "settings">> & { settings?: Partial<AuditSettings> }): Audit;
  verify(): ReturnType<typeof verifyJournal>;
  /** Against the anchors too. */
  verifyAnchored(): ReturnType<typeof verifyJournal>;
  /** Every record, chain by chain. */
  records(): Promise<ReadRecord[]>;
  /** The path and lines of the only file of the only chain. */
  file(): Promise<{ path: string; lines: string[]; write(lines: readonly string[]): Promise<void> }>;
  remove(): Promise<void>;
}

export async function createAuditPlace(): Promise<AuditPlace> {
  const root = await mkdtemp(join(tmpdir(), "sluice-audit-"));
  const [dir, anchorDir] = [join(root, "journal"), join(root, "anchors")];
  const logged: string[] = [];
  const keep = (event: string) => void logged.push(event);
  const log: Log = { error: keep, warn: keep, info: () => {}, debug: () => {} };
  let ids = 0;
  const shared = {
    log,
    version: "0.0.0",
    now: Date.now,
    newId: () => `${(++ids).toString(16).padStart(8, "0")}`,
  };
  const files = async () =>
    (await Promise.all((await listChains(dir)).map((chain) => listSegments(join(dir, chain))))).flat();
  return {
    dir,
    anchorDir,
    logged,
    log,
    journal: (options = {}) =>
      createJournal({ dir, rotateBytes: 1024 ** 2, openFile: openAppendFile, ...shared, ...options }),
    audit: ({ settings, ...options } = {}) =>
      createAudit({
        settings: {
          journalDir: dir,
          anchor: { kind: "folder", folder: anchorDir },
          rotateBytes: 1024 ** 2,
          retentionDays: 90,
          postgresql: undefined,
          cloudwatch: undefined,
          ...settings,
        },
        isServer: true,
        ...shared,
        ...options,
      }),
    verify: () => verifyJournal({ dir, store: undefined, retentionDays: 90 }),
    verifyAnchored: () => verifyJournal({ dir, store: createFolderAnchors(anchorDir), retentionDays: 90 }),
    async records() {
      const texts = await Promise.all((await files()).map(({ path }) => readFile(path, "utf8")));
      return texts
        .flatMap((text) => text.split("\n").slice(0, -1))
        .map((line) => JSON.parse(line) as ReadRecord);
    },
    async file() {
      const [first, ...more] = await files();
      if (!first || more.length > 0) throw new Error(`There are ${more.length + 1} files.`);
      const lines = (await readFile(first.path, "utf8")).split("\n").slice(0, -1);
      return {
        path: first.path,
        lines,
        write: (given) => writeFile(first.path, given.map((line) => `${line}\n`).join("")),
      };
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** A record of this test. */
export function note(text: string) {
  return { kind: "intent" as const, time: new Date().toISOString(), text };
}

/** A call of nobody in particular. */
export function aCall(): Call {
  return {
    id: "id-1",
    tool: tool("test_read_word"),
    calledAs: "test_read_word",
    principal: localPrincipal,
    correlationId: "trace-1",
    startedMs: 0,
    rawArguments: {},
  };
}

/** A call path with a tool that reads and one that writes, both recorded. */
export function auditedPath(audit: Audit, acted: string[] = [], options: Partial<CallPath> = {}): CallPath {
  let ids = 0;
  const handle = (effect: string) => async (input: Record<string, unknown>) => {
    acted.push(effect);
    return { said: String(input.word) };
  };
  return pathWith(
    [
      tool("test_read_word", { handle: handle("read") }),
      tool("test_write_word", { effect: "write", handle: handle("write") }),
    ],
    {
      steps: { ...unguarded, confirmer: allowWrites, auditor: audit.auditor },
      newId: () => `id-${++ids}`,
      now: Date.now,
      ...options,
    },
  );
}

/** Names in the folder of the only chain. */
export async function namesInChain(dir: string): Promise<string[]> {
  const [chain = ""] = await listChains(dir);
  return readdir(join(dir, chain));
}

/** The records of all chains in a folder, as they stand there. */
export async function journalLines(journalDir: string): Promise<string[]> {
  const names = await readdir(journalDir, { recursive: true });
  const files = names.filter((name) => name.endsWith(".ndjson")).map((name) => join(journalDir, name));
  const texts = await Promise.all(files.map((path) => readFile(path, "utf8")));
  return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
}
