import { expect, test } from "vitest";
import { loadSettings } from "../../../test/harness/load-settings.ts";
import { createLog } from "../../telemetry/log.ts";
import { warnOfAuditGaps } from "./audit-warnings.ts";

const noAnchors = expect.stringContaining("The audit has no anchors");
const noRecords = (writes: string) => expect.stringContaining(`writes is ${writes}, and no call is recorded`);

test.each<[string, string[], unknown[]]>([
  ["neither writes nor an audit", [], []],
  ["writes without an audit", ["--writes=allow"], [noRecords("allow")]],
  ["confirmed writes without an audit", ["--writes=confirm"], [noRecords("confirm")]],
  ["a journal without anchors", ["--writes=allow", "--audit.journalDir=/data/journal"], [noAnchors]],
  ["a table without anchors", ["--audit.dynamodb.table=records"], [noAnchors]],
  [
    "an anchored journal",
    ["--writes=allow", "--audit.journalDir=/data/journal", "--audit.anchor=/anchors"],
    [],
  ],
])("a server with %s says so once", async (_, flags, warnings) => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(JSON.parse(line)) });
  const { settings } = await loadSettings(...flags);
  warnOfAuditGaps({ settings, log });
  expect(lines).toMatchObject(warnings.map((warning) => ({ level: "warn", event: "exposed", warning })));
  expect(lines).toHaveLength(warnings.length);
});
