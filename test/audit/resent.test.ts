import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CallPath, type CallResult, callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { unguardedServices } from "../../src/core/service-guard.ts";
import { unguarded } from "../../src/core/steps.ts";
import { alreadyCarriedOutAt } from "../../src/core/tool.ts";
import { openStateStore } from "../../src/state/open-store.ts";
import type { StateSettings } from "../../src/state/settings.ts";
import type { StateStore } from "../../src/state/store.ts";
import { type AuditPlace, createAuditPlace } from "../harness/audit.ts";
import { pathWith } from "../harness/call-path.ts";
import { dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import { counted, tellFigures } from "../harness/figures.ts";
import { pathsBeside, runKilled, type SentCall, wordConfirmer } from "../harness/killed-writers.ts";
import { linesOf } from "../harness/synced-lines.ts";
import { wordTools } from "../harness/word-tools.ts";

/** How many processes are killed: `AUDIT_RESENT_KILLS=50 npx vitest run test/audit/resent.test.ts` for many. */
const kills = Number(process.env.AUDIT_RESENT_KILLS ?? 4);
const seed = Number(process.env.SLUICE_TEST_SEED ?? randomBytes(4).readUInt32LE());

let dynamodb: Awaited<ReturnType<typeof startDynamoDb>>;
let state: StateSettings;
let items: StateStore;
let place: AuditPlace;
beforeAll(async () => {
  Object.assign(process.env, dynamoDbEnvironment);
  [dynamodb, place] = await Promise.all([startDynamoDb(), createAuditPlace()]);
  state = { store: "dynamodb", dynamodb: { table: dynamodb.table, endpoint: dynamodb.endpoint } };
  items = openStateStore(state, { now: Date.now, guard: unguardedServices });
});
afterAll(async () => {
  await items.close();
  await Promise.all([dynamodb.stop(), place.remove()]);
  for (const name of Object.keys(dynamoDbEnvironment)) delete process.env[name];
});

/** What a client that sends a confirmed call again is told in the end. */
type Told = "done now" | "answered again" | "not known";

function toldBy(result: CallResult, word: string): Told | "running" {
  if (result.kind === "completed")
    return alreadyCarriedOutAt in result.output ? "answered again" : "done now";
  if (result.kind === "failed" && result.fault.code === "conflict") {
    if (result.fault.retryable) return "running";
    const { uncertain, check } = result.fault.details ?? {};
    if (uncertain === true && String(check) === `the word ${word}`) return "not known";
  }
  throw new Error(`Sent again: ${JSON.stringify({ ...result, tool: undefined })}`);
}

/** Twice at once, as an impatient client may, and on for as long as it is told to come again. */
async function sendAgain(path: CallPath, { name, word, confirmationToken }: SentCall) {
  const call = { name, arguments: { word, confirmationToken }, principal: localPrincipal };
  const untilMs = performance.now() + 20_000;
  const ends = async (): Promise<Told> => {
    for (;;) {
      const told = toldBy(await callTool(path, call), word);
      if (told !== "running") return told;
      if (performance.now() > untilMs) throw new Error(`${word} is said to run for ever.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const both = (await Promise.all([ends(), ends()])).sort();
  expect(["answered again,answered again", "answered again,done now", "not known,not known"]).toContain(
    `${both}`,
  );
  return both[1];
}

/** A server that takes the dead one's place, for as long as calls are sent to it. */
async function restarted<T>(run: number, work: (path: CallPath) => Promise<T>): Promise<T> {
  const audit = place.audit();
  let calls = 0;
  const path = pathWith(wordTools(pathsBeside(place.dir).effects), {
    steps: { ...unguarded, confirmer: wordConfirmer(items), auditor: audit.auditor },
    newId: () => `again-${run}-${++calls}`,
    now: Date.now,
  });
  try {
    return await work(path);
  } finally {
    await audit.close();
  }
}

test("confirmed writes that are sent again to a restarted server are done once, or said not to be known", async () => {
  console.log(`seed ${seed}`);
  const { dir, anchorDir } = place;
  const paths = pathsBeside(dir);
  const seen: string[] = [];
  let [killed, openSent, done] = [0, 0, 0];
  for (let run = 0; run < kills; run++) {
    const why = `seed ${seed}, run ${run}`;
    if ((await runKilled({ dir, anchorDir, paths, run, seed: seed + run, state })) === "SIGKILL") killed++;
    const answered = new Set(linesOf(paths.answers));
    const before = linesOf(paths.effects);
    const sent = linesOf(paths.sent)
      .map((line) => JSON.parse(line) as SentCall)
      .filter(({ word }) => word.startsWith(`${run}.`));
    const open = sent.filter(({ word }) => !answered.has(word));
    // Of those that were answered a few: a client may have missed that too.
    const resent = [...open, ...sent.filter(({ word }) => answered.has(word)).slice(-4)];
    openSent += open.length;
    const first = await restarted(run, (path) => Promise.all(resent.map((one) => sendAgain(path, one))));
    const second = await restarted(run, (path) => Promise.all(resent.map((one) => sendAgain(path, one))));
    const after = linesOf(paths.effects);
    for (const [index, { name, word }] of resent.entries()) {
      const times = (lines: string[]) => lines.filter((line) => line === word).length;
      const [had, has, told] = [times(before), times(after), first[index] ?? ""];
      expect(has, `${why}: effects of ${word}, ${told}`).toBeLessThanOrEqual(1);
      if (told === "not known") {
        expect(name, why).toBe("test_write_word");
        expect(has, `${why}: ${word} was done after all`).toBe(had);
      } else expect(has, `${why}: effects of ${word}, ${told}`).toBe(1);
      if (answered.has(word)) expect(told, `${why}: ${word} was answered`).toBe("answered again");
      expect(second[index], `${why}: ${word}, once more`).toBe(
        told === "not known" ? "not known" : "answered again",
      );
      const was = answered.has(word) ? "answered" : had > 0 ? "done and not answered" : "not done";
      const kind = name === "test_put_word" ? "can be run again" : "cannot be run again";
      seen.push(`${was} before the kill, ${kind}: ${told}`);
    }
    done = after.length;
    expect(new Set(after).size, `${why}: effects done twice`).toBe(done);
    expect((await place.verifyAnchored()).problems, why).toEqual([]);
  }
  const deaths = linesOf(paths.deaths);
  expect(deaths, "each that was killed did it at its point").toHaveLength(killed);
  expect(killed).toBeGreaterThan(kills / 2);
  expect(openSent).toBeGreaterThan(killed / 2);
  const records = await place.records();
  const announced = new Set(
    records
      .filter(({ kind }) => kind === "intent")
      .map(({ arguments: args }) => (args as { word?: string }).word),
  );
  const unannounced = linesOf(paths.effects).filter((word) => !announced.has(word));
  expect(unannounced, `seed ${seed}: effects without intent`).toEqual([]);
  tellFigures({
    "processes started": kills,
    "processes killed by SIGKILL": killed,
    ...counted("killed ", deaths),
    "confirmed calls that were sent again, twice at once, and once more after another restart": seen.length,
    ...counted("", seen),
    effects: done,
    "effects without an earlier durable intent": unannounced.length,
    "effects done twice": done - new Set(linesOf(paths.effects)).size,
  });
}, 900_000);
