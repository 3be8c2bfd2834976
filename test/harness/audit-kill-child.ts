import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { createAudit } from "../../src/audit/create-audit.ts";
import { type OpenAppendFile, openAppendFile } from "../../src/audit/journal/append-file.ts";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { allowWrites, unguarded } from "../../src/core/steps.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { pathWith, tool } from "./call-path.ts";
import { createRandom } from "./random.ts";

// A process that writes through an audited call path, and kills itself at a seeded point of a seeded step. Effects are
// lines of a file, each synced before the call goes on; answers are lines of another, synced before the next.
const [dir = "", anchorDir = "", effectsPath = "", answersPath = "", run = "0", seed = "0"] =
  process.argv.slice(2);
const random = createRandom(Number(seed));

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

/** Where it dies: at which kind of step, and how many of them it does before. */
const kind = (["append", "handle"] as const)[random(2)];
let stepsLeft = random(kind === "handle" ? 400 : 40);
const isDue = (step: typeof kind) => step === kind && stepsLeft-- === 0;

const openFile: OpenAppendFile = async (path) => {
  const file = await openAppendFile(path);
  return {
    ...file,
    async append(bytes) {
      if (!isDue("append")) return file.append(bytes);
      // As a crash before, in the middle of and after a write leaves it.
      await file.append(bytes.subarray(0, [0, random(bytes.length), bytes.length][random(3)]));
      die();
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
let calls = 0;
const write = tool("test_write_word", {
  effect: "write",
  async handle({ word }) {
    if (isDue("handle")) die();
    appendSynced(effectsPath, String(word));
    if (isDue("handle")) die();
    return { said: String(word) };
  },
});
const path = pathWith([write], {
  steps: { ...unguarded, confirmer: allowWrites, auditor: audit.auditor },
  newId: () => `${run}-${++calls}`,
  now: Date.now,
});

await Promise.all(
  Array.from({ length: 8 }, async (_, worker) => {
    for (let index = 0; index < 30; index++) {
      const word = `${run}.${worker}.${index}`;
      const result = await callTool(path, {
        name: "test_write_word",
        arguments: { word },
        principal: localPrincipal,
      });
      if (result.kind === "completed") appendSynced(answersPath, word);
    }
  }),
);
await audit.close();

function appendSynced(file: string, line: string): void {
  const descriptor = openSync(file, "a");
  writeSync(descriptor, `${line}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
}
