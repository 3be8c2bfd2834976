import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { readJournal } from "../../src/audit/read/read-journal.ts";
import { findUnfinished } from "../../src/audit/read/unfinished.ts";
import { type AuditPlace, aCall, createAuditPlace } from "../harness/audit.ts";
import { counted, tellFigures } from "../harness/figures.ts";
import { pathsBeside, runKilled } from "../harness/killed-writers.ts";
import { linesOf } from "../harness/synced-lines.ts";

/** How many processes are killed: `AUDIT_KILLS=200 npx vitest run test/audit/killed.test.ts` for many. */
const kills = Number(process.env.AUDIT_KILLS ?? 8);
const seed = Number(process.env.SLUICE_TEST_SEED ?? randomBytes(4).readUInt32LE());

async function* recordsIn({ dir }: AuditPlace) {
  for await (const { record } of readJournal(dir, () => {})) yield record;
}

test("processes killed at any point of a write leave an earlier durable intent of every effect", async () => {
  console.log(`seed ${seed}`);
  const place = await createAuditPlace();
  const { dir, anchorDir } = place;
  const paths = pathsBeside(dir);
  let killed = 0;
  for (let run = 0; run < kills; run++) {
    if ((await runKilled({ dir, anchorDir, paths, run, seed: seed + run })) === "SIGKILL") killed++;
    // Held against the journal while the dead process's line is still torn, as an operator would find it.
    expect((await place.verifyAnchored()).problems, `seed ${seed}, run ${run}`).toEqual([]);
  }
  const last = place.audit();
  await last.auditor.outcome(aCall(), { kind: "completed", output: {}, sizeBytes: 2 }, 0);
  await last.close();

  const { problems, chains } = await place.verifyAnchored();
  expect(problems, `seed ${seed}`).toEqual([]);
  expect(chains, "every process went on with the one chain").toHaveLength(1);
  const records = await place.records();
  const wordOf = (args: unknown) => (args as { word?: string } | undefined)?.word ?? "";
  const intents = new Map(
    records.filter(({ kind }) => kind === "intent").map((one) => [wordOf(one.arguments), one]),
  );
  const outcomes = new Set(records.filter(({ kind }) => kind === "outcome").map(({ call }) => call));
  const effects = linesOf(paths.effects);
  const answers = linesOf(paths.answers);
  const deaths = linesOf(paths.deaths);
  expect(deaths, "each that was killed did it at its point").toHaveLength(killed);
  const unannounced = effects.filter((word) => !intents.has(word));
  expect(unannounced, `seed ${seed}: effects without intent`).toEqual([]);
  const doubled = effects.length - new Set(effects).size;
  expect(doubled).toBe(0);
  const lost = answers.filter((word) => !outcomes.has(intents.get(word)?.call));
  expect(lost, `seed ${seed}: answers lost`).toEqual([]);
  const found = new Set((await findUnfinished(recordsIn(place))).map(({ call }) => call));
  const open = [...intents].filter(([, { call }]) => !outcomes.has(call));
  expect(found, `seed ${seed}: writes that are found unfinished`).toEqual(
    new Set(open.map(([, { call }]) => call)),
  );
  expect(effects.length).toBeGreaterThan(0);
  expect(killed).toBeGreaterThan(kills / 2);
  const done = new Set(effects);
  const runsOf = (words: string[]) => new Set(words.map((word) => word.split(".")[0])).size;
  const openWords = open.map(([word]) => word);
  tellFigures({
    "processes started": kills,
    "processes killed by SIGKILL": killed,
    ...counted("killed ", deaths),
    "kills that found a write begun and without its effect": runsOf(
      openWords.filter((one) => !done.has(one)),
    ),
    "kills that found a write whose effect was there and its outcome not on record": runsOf(
      openWords.filter((one) => done.has(one)),
    ),
    effects: effects.length,
    "effects without an earlier durable intent": unannounced.length,
    "effects done twice": doubled,
    "answers given": answers.length,
    "answers without a durable outcome": lost.length,
    "writes left unfinished": open.length,
    "of these, found by `sluice audit unfinished`": found.size,
    "records, each of which verifies": records.length,
    "torn lines set aside": records.filter(({ kind }) => kind === "torn").length,
    "problems found by `sluice audit verify` after each kill and at the end": problems.length,
  });
  await place.remove();
}, 900_000);
