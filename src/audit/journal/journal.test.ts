import { appendFile, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AuditPlace, createAuditPlace, namesInChain, note } from "../../../test/harness/audit.ts";
import { keepPosition } from "../relay/position.ts";
import { type AppendFile, type OpenAppendFile, openAppendFile } from "./append-file.ts";
import { listChains } from "./segments.ts";

let place: AuditPlace;
beforeEach(async () => {
  place = await createAuditPlace();
});
afterEach(() => place.remove());

const kinds = async () => (await place.records()).map(({ kind }) => kind);

/** Files that count their writes, and fail while they are told to. */
function watchedFiles() {
  const seen = { writes: 0, fault: undefined as "part" | "all" | undefined };
  const failed = () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
  const openFile: OpenAppendFile = async (path) => {
    const file = await openAppendFile(path);
    const watched: AppendFile = {
      ...file,
      async append(bytes) {
        seen.writes++;
        // As a full disk does: part of it is written. As a broken one does: nobody knows of any of it.
        await file.append(seen.fault === "part" ? bytes.subarray(0, bytes.length >> 1) : bytes);
        if (seen.fault) return failed();
      },
    };
    return watched;
  };
  return { seen, openFile };
}

test("records that wait together share one write, and stand in their order", async () => {
  const { seen, openFile } = watchedFiles();
  const journal = place.journal({ openFile });
  await journal.require(note("first"));
  const before = seen.writes;
  await Promise.all(Array.from({ length: 500 }, (_, index) => journal.require(note(String(index)))));
  expect(seen.writes - before).toBe(1);
  await journal.close();
  const records = await place.records();
  expect(records.filter(({ kind }) => kind === "intent").map(({ text }) => text)).toEqual([
    "first",
    ...Array.from({ length: 500 }, (_, index) => String(index)),
  ]);
  expect(await place.verify()).toMatchObject({ problems: [], chains: [{ records: 503 }] });
});

test("a process goes on with the chain that another left, and two at once have a chain each", async () => {
  const first = place.journal();
  await first.require(note("a"));
  await first.close();
  const second = place.journal();
  await second.require(note("b"));
  const third = place.journal();
  await third.require(note("c"));
  expect(third.own()?.chain).not.toBe(second.own()?.chain);
  await Promise.all([second.close(), third.close()]);
  expect((await place.verify()).chains.map(({ records }) => records).sort()).toEqual([3, 6]);
});

test("however many processes begin at once, none has a chain that another has", async () => {
  const open = async () => {
    const journals = Array.from({ length: 12 }, () => place.journal());
    await Promise.all(journals.map((journal, index) => journal.require(note(String(index)))));
    const chains = journals.map((journal) => journal.own()?.chain);
    await Promise.all(journals.map((journal) => journal.close()));
    return chains;
  };
  for (let round = 0; round < 3; round++) expect(new Set(await open()).size).toBe(12);
  const { chains, problems } = await place.verify();
  expect(problems).toEqual([]);
  expect(chains.reduce((sum, { records }) => sum + records, 0)).toBe(3 * 12 * 3);
});

test("a line that a crash cut off is set aside and noted, and the chain goes on", async () => {
  const first = place.journal();
  await first.require(note("a"));
  await first.close();
  const { path } = await place.file();
  await appendFile(path, '{"torn":"li');
  const second = place.journal();
  await second.require(note("b"));
  await second.close();
  const torn = (await place.records()).find(({ kind }) => kind === "torn");
  expect(torn).toMatchObject({ setAside: "torn-0000000000000004.bin", sizeBytes: 11, sequence: 4 });
  expect(await readFile(join(path, "..", String(torn?.setAside)), "utf8")).toBe('{"torn":"li');
  expect(await kinds()).toEqual(["opened", "intent", "closed", "torn", "opened", "intent", "closed"]);
  expect(await place.verify()).toMatchObject({ problems: [] });
});

test("a chain whose last record was altered is left as it is, and another is begun", async () => {
  const first = place.journal();
  await first.require(note("a"));
  await first.close();
  const { lines, write } = await place.file();
  await write([...lines.slice(0, -1), lines.at(-1)?.replace('"closed"', '"opened"') ?? ""]);
  const second = place.journal();
  await second.require(note("b"));
  await second.close();
  expect(place.logged).toEqual(["audit chain damaged"]);
  const { chains, problems } = await place.verify();
  expect(chains).toHaveLength(2);
  expect(problems).toMatchObject([{ kind: "edited", line: 3, sequence: 3 }]);
});

test("files are closed by size and by day, made read-only, and the chain goes through them", async () => {
  let nowMs = Date.parse("2026-11-25T23:59:00.000Z");
  const at = (text: string) => ({ ...note(text), time: new Date(nowMs).toISOString() });
  const journal = place.journal({ rotateBytes: 64 * 1024, now: () => nowMs });
  for (let index = 0; index < 20; index++) await journal.require(at("x".repeat(8_000)));
  nowMs += 120_000;
  await journal.require(at("next day"));
  await journal.close();
  const names = (await namesInChain(place.dir)).filter((name) => name.endsWith(".ndjson"));
  expect(names.length).toBe(4);
  const folder = journal.own()?.folder ?? "";
  const modes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mode & 0o777));
  expect(modes).toEqual([0o400, 0o400, 0o400, 0o600]);
  expect(await place.verify()).toMatchObject({ problems: [], chains: [{ files: 4, records: 23 }] });
});

test.each(["part", "all"] as const)(
  "when a write fails with %s of it in the file, what must be durable is refused and the rest kept until it can be written",
  async (fault) => {
    const { seen, openFile } = watchedFiles();
    const journal = place.journal({ openFile });
    await journal.require(note("before"));
    seen.fault = fault;
    await expect(journal.require(note("refused"))).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(journal.require(note("refused too"))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await journal.keep(note("kept"))).toBe("held");
    seen.fault = undefined;
    await expect.poll(() => journal.counts().waitingRecords, { timeout: 5_000 }).toBe(0);
    await journal.require(note("after"));
    await journal.close();
    const records = await place.records();
    expect(records.map(({ kind, text }) => text ?? kind)).toEqual([
      "opened",
      "before",
      "gap",
      "kept",
      "after",
      "closed",
    ]);
    expect(records[2]).toMatchObject({ reason: "ENOSPC", droppedRecords: 0 });
    expect(await place.verify()).toMatchObject({ problems: [] });
    expect(place.logged).toEqual(["audit journal cannot be written", "audit journal can be written again"]);
  },
);

test("a journal that is deleted under its process is noticed, and begun anew", async () => {
  const journal = place.journal();
  await journal.require(note("a"));
  await rm(place.dir, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await expect(journal.require(note("b"))).rejects.toThrow("was deleted");
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await journal.require(note("c"));
  await journal.close();
  expect(await kinds()).toEqual(["opened", "gap", "intent", "closed"]);
});

test("a file that is deleted under its process ends its chain: no number of it is given again", async () => {
  const journal = place.journal();
  await journal.require(note("a"));
  await rm((await place.file()).path);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await expect(journal.require(note("b"))).rejects.toThrow("was deleted");
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await journal.require(note("c"));
  await journal.close();
  expect(new Set((await place.records()).map(({ chain }) => chain))).toHaveLength(1);
  expect(await listChains(place.dir)).toHaveLength(2);
  expect(await kinds()).toEqual(["opened", "gap", "intent", "closed"]);
});

test.each([
  ["its end was cut off", (lines: string[]) => lines.slice(0, 1)],
  ["all of its records are gone", () => []],
])("a chain of which sinks have more than there is is left as it is: %s", async (_, left) => {
  const first = place.journal();
  await first.require(note("a"));
  await first.close();
  const { path, lines, write } = await place.file();
  await keepPosition(dirname(path), "postgresql", { segment: basename(path), endByte: 900, sequence: 3 });
  await write(left(lines));
  const second = place.journal();
  await second.require(note("b"));
  await second.close();
  expect(place.logged).toEqual(["audit chain damaged"]);
  expect(await listChains(place.dir)).toHaveLength(2);
});

test("after it was closed, a journal takes nothing", async () => {
  const journal = place.journal();
  await journal.close();
  await expect(journal.require(note("late"))).rejects.toThrow("closed");
  await expect(stat(place.dir)).rejects.toThrow("ENOENT");
});
