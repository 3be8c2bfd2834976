import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import { call } from "../harness/call-path.ts";
import { tellFigures } from "../harness/figures.ts";
import { createRandom } from "../harness/random.ts";
import { resealed } from "../harness/resealed.ts";

/** How often each is done: `AUDIT_TAMPERINGS=200 npx vitest run test/audit/tampered.test.ts` for often. */
const tries = Number(process.env.AUDIT_TAMPERINGS ?? 20);
const seed = Number(process.env.SLUICE_TEST_SEED ?? randomBytes(4).readUInt32LE());
const random = createRandom(seed);

let place: AuditPlace;
let file: Awaited<ReturnType<AuditPlace["file"]>>;
beforeAll(async () => {
  place = await createAuditPlace();
  const audit = place.audit();
  const path = auditedPath(audit);
  for (let index = 0; index < 50; index++) await call(path, "test_write_word", { word: `w${index}` });
  await audit.close();
  file = await place.file();
  expect(await place.verifyAnchored()).toMatchObject({ problems: [] });
});
afterAll(() => place.remove());

/** Any but the last. */
const anyOf = (lines: readonly string[]) => random(lines.length - 1);

const tamperings: Record<string, (lines: readonly string[]) => readonly string[]> = {
  edited(lines) {
    const at = random(lines.length);
    const line = lines[at] ?? "";
    const letter = random(line.length);
    const other = [..."aeiou0189,: "].filter((one) => one !== line[letter]);
    return lines.with(at, line.slice(0, letter) + other[random(other.length)] + line.slice(letter + 1));
  },
  deleted(lines) {
    const at = anyOf(lines);
    return lines.toSpliced(at, 1 + random(lines.length - 1 - at));
  },
  reordered(lines) {
    const at = anyOf(lines);
    const other = at + 1 + random(lines.length - 1 - at);
    return lines.with(at, lines[other] ?? "").with(other, lines[at] ?? "");
  },
  truncated: (lines) => lines.slice(0, random(lines.length)),
  forked: (lines) =>
    resealed(lines, 1 + random(lines.length), (one) => ({
      ...one,
      principal: `key:somebody ${random(1e6)}`,
    })),
};

test.each(Object.entries(tamperings))(
  "a journal that was %s is found so, wherever it was",
  async (kind, tamper) => {
    let found = 0;
    for (let index = 0; index < tries; index++) {
      const lines = tamper(file.lines);
      expect(lines).not.toEqual(file.lines);
      await file.write(lines);
      const { problems } = await place.verifyAnchored();
      const kinds = problems.map((one) => one.kind);
      expect(kinds, `seed ${seed}, try ${index}: ${JSON.stringify(problems)}`).toContain(kind);
      found++;
    }
    await file.write(file.lines);
    expect((await place.verifyAnchored()).problems).toEqual([]);
    tellFigures({ [`${kind}: tries`]: tries, [`${kind}: found so by \`sluice audit verify\``]: found });
  },
  120_000,
);
