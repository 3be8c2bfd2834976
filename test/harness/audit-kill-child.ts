import { createAudit } from "../../src/audit/create-audit.ts";
import { type OpenAppendFile, openAppendFile } from "../../src/audit/journal/append-file.ts";
import { callTool } from "../../src/core/call.ts";
import type { RecordItems } from "../../src/core/own-record.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { unguardedServices } from "../../src/core/service-guard.ts";
import { allowWrites, unguarded } from "../../src/core/steps.ts";
import { openStateStore } from "../../src/state/open-store.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { pathWith } from "./call-path.ts";
import { requestOf } from "./confirming-path.ts";
import { type KillOrders, type SentCall, wordConfirmer } from "./killed-writers.ts";
import { createRandom } from "./random.ts";
import { appendSynced } from "./synced-lines.ts";
import { wordTools } from "./word-tools.ts";

// A process that writes through an audited call path, and kills itself at a seeded point of a seeded step. Where it does, and
// what its client sent and was answered, are lines of files, each synced before the next step.
const { dir, anchorDir, paths, run, seed, state } = JSON.parse(process.argv[2] ?? "") as KillOrders;
const random = createRandom(seed);

function die(where: string): never {
  appendSynced(paths.deaths, where);
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

/** Where it dies: at which kind of step, and how many of them it does before. */
const kinds = ["append", "effect", ...(state ? (["store"] as const) : [])] as const;
const kind = kinds[random(kinds.length)];
let stepsLeft = random(kind === "append" ? 40 : state ? 100 : 400);
const isDue = (step: typeof kind) => step === kind && stepsLeft-- === 0;

const openFile: OpenAppendFile = async (path) => {
  const file = await openAppendFile(path);
  return {
    ...file,
    async append(bytes) {
      if (!isDue("append")) return file.append(bytes);
      // As a crash before, in the middle of and after a write leaves it.
      const [sizeBytes, moment] = (
        [
          [0, "before"],
          [random(bytes.length), "in the middle of"],
          [bytes.length, "after"],
        ] as const
      )[random(3)] ?? [0, ""];
      await file.append(bytes.subarray(0, sizeBytes));
      die(`${moment} a write to the journal`);
    },
  };
};

const audit = createAudit({
  settings: {
    journalDir: dir,
    anchor: { kind: "folder", folder: anchorDir },
    rotateBytes: 64 * 1024,
    retentionDays: 90,
    postgresql: undefined,
    cloudwatch: undefined,
  },
  log: createLog({ level: "silent" }),
  version: "0.0.0",
  isServer: true,
  now: Date.now,
  newId: () => Math.random().toString(16).slice(2, 10).padEnd(8, "0"),
  openFile,
});

function dyingItems(settings: NonNullable<typeof state>): RecordItems {
  const items = openStateStore(settings, { now: Date.now, guard: unguardedServices });
  return {
    get: (key) => items.get(key),
    async putIf(key, item, expected) {
      if (!isDue("store")) return items.putIf(key, item, expected);
      if (random(2) === 0) die("before a put into the store");
      await items.putIf(key, item, expected);
      die("after a put into the store");
    },
  };
}

let calls = 0;
const tools = wordTools(paths.effects, (moment) => {
  if (isDue("effect")) die(`${moment} an effect`);
});
const path = pathWith(tools, {
  steps: {
    ...unguarded,
    confirmer: state ? wordConfirmer(dyingItems(state)) : allowWrites,
    auditor: audit.auditor,
  },
  newId: () => `${run}-${++calls}`,
  now: Date.now,
});
const send = (name: string, args: Record<string, string>) =>
  callTool(path, { name, arguments: args, principal: localPrincipal });

await Promise.all(
  Array.from({ length: 8 }, async (_, worker) => {
    for (let index = 0; index < 30; index++) {
      const word = `${run}.${worker}.${index}`;
      const args: Record<string, string> = { word };
      const name = state && index % 2 === 1 ? "test_put_word" : "test_write_word";
      if (state) {
        const { confirmationToken } = requestOf(await send(name, args));
        args.confirmationToken = confirmationToken;
        appendSynced(paths.sent, JSON.stringify({ name, word, confirmationToken } satisfies SentCall));
      }
      if ((await send(name, args)).kind === "completed") appendSynced(paths.answers, word);
    }
  }),
);
await audit.close();
// Said aloud: clients of stores may keep the process.
process.exit(0);
