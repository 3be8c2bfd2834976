import { expect, test } from "vitest";
import { loadSettings } from "../../../test/harness/load-settings.ts";
import { unusedSink } from "./audit-warnings.ts";

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
