import { appendFileSync } from "node:fs";
import { createTableAudit } from "../../src/audit/table/create-table-audit.ts";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { allowWrites, unguarded } from "../../src/core/steps.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { pathWith, tool } from "./call-path.ts";

// A process that writes once through a call path audited in a table, and kills itself before, in or after its effect.
const [endpoint = "", table = "", effectsPath = "", word = "", when = ""] = process.argv.slice(2);

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

const audit = createTableAudit({
  settings: {
    ...{ table, region: "eu-west-1", endpoint, retentionDays: 90 },
    ...{ anchor: undefined, anchorEveryMs: 0 },
  },
  log: createLog({ level: "silent" }),
  now: Date.now,
  newId: () => `chain-of-${word}`,
});
const write = tool("test_write_word", {
  effect: "write",
  async handle() {
    if (when === "before") die();
    appendFileSync(effectsPath, `${word}\n`);
    if (when === "after") die();
    return { said: word };
  },
});
const path = pathWith([write], {
  steps: { ...unguarded, confirmer: allowWrites, auditor: audit.auditor },
  newId: () => `call-of-${word}`,
  now: Date.now,
  timeoutMs: 60_000,
});
await callTool(path, { name: write.name, arguments: { word }, principal: localPrincipal });
die();
