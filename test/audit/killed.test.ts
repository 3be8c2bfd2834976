import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readJournal } from "../../src/audit/read/read-journal.ts";
import { findUnfinished } from "../../src/audit/read/unfinished.ts";
import { type AuditPlace, aCall, createAuditPlace } from "../harness/audit.ts";

const child = fileURLToPath(new URL("../harness/audit-kill-child.ts", import.meta.url));

/** How many processes are killed: `AUDIT_KILLS=200 npx vitest run test/audit/killed.test.ts` for many. */
const kills = Number(process.env.AUDIT_KILLS ?? 8);
const seed = Number(process.env.SLUICE_TEST_SEED ?? randomBytes(4).readUInt32LE());

async function runKilled(place: AuditPlace, run: number): Promise<NodeJS.Signals | null> {
  const { dir, anchorDir } = place;
  const [effects, answers] = [join(dir, "..", "effects"), join(dir, "..", "answers")];
  const args = [dir, anchorDir, effects, answers, String(run), String(seed + run)];
  const running = spawn(process.execPath, ["--import", "tsx", child, ...args], { stdio: "inherit" });
  await once(running, "close");
  return running.signalCode;
}

async function* recordsIn({ dir }: AuditPlace) {
  for await (const { record } of readJournal(dir, () => {})) yield record;
}

const linesOf = async (path: string) =>
  (await readFile(path, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

test("processes killed at any point of a write leave an earlier durable intent of every effect", async () => {
  console.log(`seed ${seed}`);
  const place = await createAuditPlace();
  let killed = 0;
  for (let run = 0; run < kills; run++) {
    if ((await runKilled(place, run)) === "SIGKILL") killed++;
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
  const effects = await linesOf(join(place.dir, "..", "effects"));
  const answers = await linesOf(join(place.dir, "..", "answers"));
  expect(
    effects.filter((word) => !intents.has(word)),
    `seed ${seed}: effects without intent`,
  ).toEqual([]);
  expect(new Set(effects).size).toBe(effects.length);
  expect(
    answers.filter((word) => !outcomes.has(intents.get(word)?.call)),
    `seed ${seed}: answers lost`,
  ).toEqual([]);
  const found = new Set((await findUnfinished(recordsIn(place))).map(({ call }) => call));
  const open = [...intents.values()].filter(({ call }) => !outcomes.has(call)).map(({ call }) => call);
  expect(found, `seed ${seed}: writes that are found unfinished`).toEqual(new Set(open));
  expect(effects.length).toBeGreaterThan(0);
  expect(killed).toBeGreaterThan(kills / 2);
  console.log(
    `${killed} of ${kills} killed; ${effects.length} effects, ${answers.length} answers, ${records.length} records, ${
      records.filter(({ kind }) => kind === "torn").length
    } torn lines set aside`,
  );
  await place.remove();
}, 600_000);
