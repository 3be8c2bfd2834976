import { expect, test } from "vitest";
import { loadSettings } from "../../../test/harness/load-settings.ts";
import { checkAuditGaps } from "./audit-gaps.ts";

test("each gap of the audit is a warning with what to set, and an audit without any has none", async () => {
  const checksOf = async (...flags: string[]) => checkAuditGaps((await loadSettings(...flags)).settings);
  const journal = ["--audit.journalDir", "/audit/journal", "--writes", "confirm"];
  expect(await checksOf(...journal, "--audit.anchor", "/mnt/anchors")).toEqual([]);
  const anchor = ["--audit.anchor", "/audit/journal/anchors"];
  expect(await checksOf(...journal, ...anchor, "--audit.cloudwatch.logGroup", "audit")).toMatchObject([
    { name: "audit", status: "warning", mend: expect.stringContaining("audit.sinks") },
    { name: "audit", status: "warning", mend: expect.stringContaining("Set audit.anchor to a folder on") },
  ]);
  expect(await checksOf("--writes", "confirm")).toMatchObject([
    { name: "audit", status: "warning", mend: expect.stringContaining("audit.journalDir") },
  ]);
});
