import { chmod, cp, mkdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditPlace, auditedPath, createAuditPlace } from "../../../test/harness/audit.ts";
import { call } from "../../../test/harness/call-path.ts";
import { resealed } from "../../../test/harness/resealed.ts";
import { createFolderAnchors } from "../anchors/folder-anchors.ts";
import { verifyJournal } from "./verify-journal.ts";

let place: AuditPlace;
beforeEach(async () => {
  place = await createAuditPlace();
  const audit = place.audit();
  for (let index = 0; index < 5; index++)
    await call(auditedPath(audit), "test_write_word", { word: `w${index}` });
  await audit.close();
});
afterEach(() => place.remove());

async function tamper(change: (lines: string[]) => string[]) {
  const file = await place.file();
  await file.write(change(file.lines));
  return (await place.verifyAnchored()).problems.map(({ kind, line, sequence }) => ({
    kind,
    line,
    sequence,
  }));
}

test("an untouched journal is found whole", async () => {
  const { problems, notes, chains } = await place.verifyAnchored();
  expect({ problems, notes }).toEqual({ problems: [], notes: [] });
  expect(chains).toMatchObject([{ records: 12, firstSequence: 1, lastSequence: 12, anchoredThrough: 12 }]);
});

describe("what was done to a journal is found, with its place", () => {
  test.each<[string, (lines: string[]) => string[], object[]]>([
    [
      "a changed letter",
      (lines) => lines.map((line, index) => (index === 3 ? line.replace('"w1"', '"w9"') : line)),
      [{ kind: "edited", line: 4, sequence: 4 }],
    ],
    [
      "white space",
      (lines) => lines.map((line, index) => (index === 3 ? line.replace(":", ": ") : line)),
      [{ kind: "edited", line: 4, sequence: 4 }],
    ],
    [
      "a record with a right hash in the place of another",
      (lines) => [
        ...lines.slice(0, 3),
        ...resealed(lines, 4, (one) => ({ ...one, word: 1 })).slice(3, 4),
        ...lines.slice(4),
      ],
      [{ kind: "edited", line: 5, sequence: 5 }],
    ],
    ["a line of no JSON", (lines) => lines.with(3, "\0".repeat(20)), [{ kind: "edited", line: 4 }]],
    ["a deleted record", (lines) => lines.toSpliced(3, 1), [{ kind: "deleted", sequence: 4 }]],
    ["two deleted records", (lines) => lines.toSpliced(3, 2), [{ kind: "deleted", sequence: 4 }]],
    ["a deleted start", (lines) => lines.slice(2), [{ kind: "deleted", sequence: 1 }]],
    [
      "two records in each other's place",
      (lines) => lines.with(3, lines[4] ?? "").with(4, lines[3] ?? ""),
      [{ kind: "reordered", line: 5, sequence: 4 }],
    ],
    [
      "the first record in the place of another",
      (lines) => lines.with(0, lines[2] ?? "").with(2, lines[0] ?? ""),
      [
        { kind: "reordered", line: 2, sequence: 2 },
        { kind: "reordered", line: 3, sequence: 1 },
      ],
    ],
    [
      "a repeated record",
      (lines) => lines.toSpliced(4, 0, lines[3] ?? ""),
      [{ kind: "forked", line: 5, sequence: 4 }],
    ],
    ["an end cut off", (lines) => lines.slice(0, -1), [{ kind: "truncated", sequence: 12 }]],
    ["an empty file", () => [], [{ kind: "truncated", sequence: 1 }]],
    [
      "history written anew with right hashes",
      (lines) => resealed(lines, 4, (one) => ({ ...one, principal: "somebody else" })),
      [{ kind: "forked", sequence: 12 }],
    ],
  ])("%s", async (_what, change, problems) => {
    const found = await tamper(change);
    expect(found).toHaveLength(problems.length);
    expect(found).toMatchObject(problems);
  });
});

test("a chain that went on from an earlier copy is a fork", async () => {
  const { chains } = await place.verifyAnchored();
  const chain = chains[0]?.chain ?? "";
  const copy = join(place.dir, "..", "copy");
  await cp(join(place.dir, chain), copy, { recursive: true });
  const goOn = async (word: string) => {
    const audit = place.audit();
    await call(auditedPath(audit), "test_write_word", { word });
    await audit.close();
  };
  await goOn("one history");
  await rm(join(place.dir, chain), { recursive: true });
  await rename(copy, join(place.dir, chain));
  await goOn("another history");
  const { problems } = await place.verifyAnchored();
  expect(new Set(problems.map(({ kind }) => kind))).toEqual(new Set(["forked"]));
  expect(problems[0]?.message).toContain("Two records");
});

test("a chain that is gone as a whole is missed", async () => {
  await rm(place.dir, { recursive: true });
  await mkdir(place.dir);
  expect((await place.verifyAnchored()).problems).toMatchObject([{ kind: "deleted", sequence: 1 }]);
});

test("a cut end is not seen without anchors, and verify says so", async () => {
  const file = await place.file();
  await file.write(file.lines.slice(0, -1));
  const { problems, notes } = await place.verify();
  expect(problems).toEqual([]);
  expect(notes).toEqual([expect.stringContaining("Without anchors")]);
});

describe("records that have expired", () => {
  const day = 86_400_000;
  /** A journal that is written on the given days from now, closed each time. */
  async function writeOn(daysFromNow: readonly number[]) {
    for (const days of daysFromNow) {
      const now = () => Date.now() + days * day;
      const audit = place.audit({ now });
      await call(auditedPath(audit, [], { now }), "test_write_word", { word: `day ${days}` });
      await audit.close();
    }
  }

  test("go by whole files, and what is left verifies", async () => {
    await writeOn([1, 60, 100]);
    const { problems, chains } = await place.verifyAnchored();
    expect(problems).toEqual([]);
    expect(chains).toMatchObject([{ files: 2, firstSequence: 17, lastSequence: 25, anchoredThrough: 25 }]);
    const expired = (await place.records()).find(({ kind }) => kind === "expired");
    expect(expired).toMatchObject({ throughSequence: 16, files: 2 });
  });

  test("are not held against a chain whose first record was deleted after", async () => {
    await writeOn([1, 60, 100]);
    const [chain = ""] = (await place.verify()).chains.map((one) => one.chain);
    const folder = join(place.dir, chain);
    const path = join(folder, "0000000000000017.ndjson");
    await chmod(path, 0o600);
    await writeFile(path, (await readFile(path, "utf8")).split("\n").slice(2).join("\n"));
    expect((await place.verifyAnchored()).problems).toMatchObject([
      { kind: "deleted", sequence: 17, message: "Records 17 to 18 are not there." },
    ]);
  });

  test("must have been old when they were anchored, too", async () => {
    await writeOn([1, 60, 100]);
    const [chain = ""] = (await place.verify()).chains.map((one) => one.chain);
    const path = join(place.anchorDir, `${chain}.anchors.ndjson`);
    const later = new Date(Date.now() + 50 * day).toISOString();
    const anchors = (await readFile(path, "utf8")).replace(/("sequence":16,"time":")[^"]+/, `$1${later}`);
    await writeFile(path, anchors);
    expect(anchors).toContain(later);
    expect((await place.verifyAnchored()).problems).toMatchObject([{ kind: "deleted", sequence: 1 }]);
  });

  test("must be past the retention, whatever the record says", async () => {
    await writeOn([1, 60, 100]);
    const { dir, anchorDir } = place;
    const { problems } = await verifyJournal({
      dir,
      store: createFolderAnchors(anchorDir),
      retentionDays: 120,
    });
    expect(problems).toMatchObject([{ kind: "deleted", sequence: 1 }]);
  });
});

test("a line that is just being written is a note, and a damaged anchor a problem", async () => {
  const { path, lines } = await place.file();
  await writeFile(path, `${lines.join("\n")}\n{"half`);
  const [chain = ""] = (await place.verify()).chains.map((one) => one.chain);
  await writeFile(join(place.anchorDir, `${chain}.anchors.ndjson`), "nonsense\n");
  await utimes(path, new Date(), new Date());
  const { problems, notes } = await place.verifyAnchored();
  expect(problems).toMatchObject([{ kind: "anchor" }]);
  expect(notes).toEqual([expect.stringContaining("being written")]);
});
