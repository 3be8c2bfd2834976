import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listChains, listSegments } from "../../src/audit/journal/segments.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
  await writeFile(join(user.cwd, "a.txt"), "one. two. three.");
  await writeFile(
    join(user.cwd, "sluice.yaml"),
    "lake: { localRoots: [.] }\naudit: { journalDir: journal, anchor: anchors }\n",
  );
  await user.sluice(["call", "lake_list_objects", `uri=${user.cwd}/`]);
  await user.sluice(["call", "lake_read_rows", "uri==cmd|' /C calc'!A0"]);
});
afterAll(() => user.remove());

const journal = () => join(user.cwd, "journal");
const inJournal = ["--audit.journalDir", "journal"];

describe("sluice audit", () => {
  test("verify finds a journal whole, and says what was done to it", async () => {
    const whole = await user.sluice(["audit", "verify", "--json"]);
    expect(whole).toMatchObject({ code: 0, stderr: "The journal is whole.\n" });
    expect(JSON.parse(whole.stdout)).toMatchObject({
      whole: true,
      endsChecked: true,
      chains: [{ firstSequence: 1, lastSequence: 6, anchoredThrough: 6 }],
      problems: [],
    });
    const [chain = ""] = await listChains(journal());
    const [segment] = await listSegments(join(journal(), chain));
    const path = segment?.path ?? "";
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"principal":"local"', '"principal":"other"'));
    const { code, stdout, stderr } = await user.sluice(["audit", "verify"]);
    await writeFile(path, text);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "1 thing is wrong.\n" });
    expect(stdout).toContain(`✗ edited: Record 2 does not fit its hash: it was altered. (${path}:2)`);
  });

  test("verify calls nothing whole whose end it cannot check", async () => {
    const [chain = ""] = await listChains(journal());
    const [segment] = await listSegments(join(journal(), chain));
    const path = segment?.path ?? "";
    const text = await readFile(path, "utf8");
    const shorter = text.trimEnd().split("\n").slice(0, -2);
    await writeFile(path, `${shorter.join("\n")}\n`);
    const anchored = await user.sluice(["audit", "verify", "--json"]);
    await mkdir(join(user.cwd, "no-anchors"));
    const noAnchors = ["--audit.anchor", "no-anchors"];
    const unanchored = await user.sluice(["audit", "verify", "--json", ...noAnchors]);
    const none = await user.sluice(["audit", "verify", "--json", "--config", "/dev/null", ...inJournal]);
    await writeFile(path, text);
    expect(anchored).toMatchObject({ code: 1, stderr: "1 thing is wrong.\n" });
    expect(JSON.parse(anchored.stdout)).toMatchObject({ whole: false, endsChecked: true });
    const holds = "What is there of the journal holds.";
    expect(unanchored).toMatchObject({
      code: 0,
      stderr: `${holds} The end of 1 of 1 chain cannot be checked: no anchor of it was found.\n`,
    });
    expect(none).toMatchObject({
      code: 0,
      stderr: `${holds} Its end cannot be checked without an anchor: set audit.anchor.\n`,
    });
    for (const { stdout } of [unanchored, none])
      expect(JSON.parse(stdout)).toMatchObject({ whole: false, endsChecked: false, problems: [] });
  });

  test("unfinished finds no write that its process did not survive", async () => {
    expect(await user.sluice(["audit", "unfinished"])).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "Every write has its outcome.\n",
    });
  });

  test("tail prints the last records, for people and for programs", async () => {
    const { stdout } = await user.sluice(["audit", "tail", "--lines", "3"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(stdout).toMatch(/ outcome lake_read_rows read \w+ local@default [\w-]+ \d+ ms/);
    const json = await user.sluice(["audit", "tail", "--json", "--tenant", "nobody"]);
    expect(json).toMatchObject({ code: 0, stdout: "" });
  });

  test("tail follows what other processes record", async () => {
    const tail = user.start(["audit", "tail", "--follow", "--lines", "0", "--json"]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await user.sluice(["call", "lake_list_sources"]);
    await tail.waitFor(/"kind":"outcome".*"tool":"lake_list_sources"/);
    tail.child.kill("SIGINT");
    expect(await tail.ended).toMatchObject({ code: 0 });
  });

  test("export writes JSON lines and CSV that no spreadsheet takes for formulas", async () => {
    const { stdout } = await user.sluice(["audit", "export", "--since", "1h"]);
    const records = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ kind }) => kind).slice(0, 3)).toEqual(["opened", "outcome", "closed"]);
    const csv = await user.sluice(["audit", "export", "--format", "csv", "--tenant", "default"]);
    const [header, ...rows] = csv.stdout.trimEnd().split("\n");
    expect(header).toMatch(/^time,chain,sequence,kind,/);
    expect(rows.some((row) => row.includes("=cmd|"))).toBe(true);
    expect(rows.some((row) => /(^|,)"?[=+@-]/.test(row))).toBe(false);
    const none = await user.sluice(["audit", "export", "--until", "2020-01-01"]);
    expect(none).toMatchObject({ code: 0, stdout: "" });
  });

  test.each([
    [["audit"], "sluice audit wants <action>."],
    [["audit", "verfy"], "only verify, unfinished, tail, export, relay, migrate"],
    [["audit", "verify", "--follow"], "takes no --follow"],
    [["audit", "tail", "--lines", "x"], "is not a number of records"],
    [["audit", "export", "--format", "xml"], "neither ndjson nor csv"],
    [["audit", "export", "--since", "yesterday"], "neither a time"],
    [["audit", "unfinished", "--follow"], "takes no --follow"],
    [["tools", "--audit.dynamodb.table", "sluice-audit"], "is set beside audit.journalDir"],
    [["audit", "migrate"], "audit.postgresql.ownerUrl"],
    [
      ["audit", "verify", "--config", "/dev/null"],
      "neither audit.journalDir nor audit.dynamodb.table is set",
    ],
    [["stdio", "--audit.sinks", "stdout"], "where standard output is the protocol's"],
    [["tools", "--audit.sinks", "cloudwatch"], "audit.cloudwatch.logGroup"],
    [["tools", "--audit.sinks", "syslog"], "is none of postgresql, cloudwatch, stdout"],
    [["tools", "--audit.sinks", "postgresql"], "audit.postgresql.url"],
    [["tools", "--audit.anchor", "s3://bucket/anchors"], "is not s3://bucket/prefix/"],
    [["tools", "--audit.retentionDays", "30"], "audit.retentionDays"],
  ])("%j is wrong usage", async (args, says) => {
    const { code, stdout, stderr } = await user.sluice(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
  });

  test.each([
    ["a journal without anchors", inJournal, "The audit has no anchors"],
    ["writes without records", ["--writes", "allow"], "writes is allow, and no call is recorded"],
  ])("over stdio a server with %s warns at its start", async (_, flags, says) => {
    const server = user.start(["stdio", "--config", "/dev/null", ...flags]);
    const [line] = await server.waitFor(/.*"event":"exposed".*/);
    expect(line).toContain(says);
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ code: 0, stdout: "" });
  });

  test("a server prints its records where its standard output is free", async () => {
    const server = user.start(["serve", "--port", "0", "--audit.sinks", "stdout", "--json"]);
    const [, url = ""] = await server.waitFor(/"url":"([^"]+)"/);
    await user.sluice(["call", "lake_list_sources", "--url", url]);
    await server.waitFor(/"kind":"outcome".*"tool":"lake_list_sources"/);
    server.child.kill("SIGTERM");
    const { code, stdout } = await server.ended;
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .every((line) => JSON.parse(line)),
    ).toBe(true);
    expect(stdout).toContain('"kind":"closed"');
  });

  test("shells complete its actions", async () => {
    const { stdout } = await user.sluice(["completion", "words", "--", "audit", "v"]);
    expect(stdout).toBe("verify\n");
  });
});
