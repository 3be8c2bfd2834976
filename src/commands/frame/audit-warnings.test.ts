import { expect, test } from "vitest";
import { loadSettings } from "../../../test/harness/load-settings.ts";
import { anchoredInJournal, unusedSink } from "./audit-warnings.ts";

const warningOf = async (...flags: string[]) => unusedSink((await loadSettings(...flags)).settings);

test("a sink that is set up and not named is told of, where this process would relay to it", async () => {
  const journal = ["--audit.journalDir", "/journal"];
  const url = ["--audit.postgresql.url", "postgresql://a:b@localhost/c"];
  const group = ["--audit.cloudwatch.logGroup", "audit"];
  expect(await warningOf(...journal, ...url, ...group)).toContain("does not name postgresql, cloudwatch");
  expect(await warningOf(...journal, ...url, ...group, "--audit.sinks", "cloudwatch")).toContain(
    "does not name postgresql, which",
  );
  expect(await warningOf(...journal, ...url, "--audit.sinks", "postgresql")).toBeUndefined();
  expect(await warningOf("--audit.dynamodb.table", "audit", ...url)).toBeUndefined();
  expect(await warningOf(...journal)).toBeUndefined();
});

test("anchors in a folder of the journal are told of, and nowhere else", async () => {
  const warningWith = async (anchor: string) => {
    const flags = ["--audit.journalDir", "/audit/journal", "--audit.anchor", anchor];
    return anchoredInJournal((await loadSettings(...flags)).settings);
  };
  for (const anchor of ["/audit/journal/anchors", "/audit/journal/..anchors", "audit/x/../journal/a/b/"])
    expect(await warningWith(anchor)).toContain("audit.anchor is a folder in audit.journalDir");
  for (const anchor of [
    "/audit/anchors",
    "/audit",
    "/audit/journal-anchors",
    "/mnt/journal/a",
    "s3://audit/journal/",
  ])
    expect(await warningWith(anchor)).toBeUndefined();
  expect(anchoredInJournal((await loadSettings("--audit.journalDir", "/audit")).settings)).toBeUndefined();
});
