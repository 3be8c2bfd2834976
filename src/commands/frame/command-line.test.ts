import { expect, test } from "vitest";
import { recordingTerminal } from "../../../test/harness/terminal.ts";
import { ConfigError } from "../../config/config-error.ts";
import { ToolError } from "../../core/errors.ts";
import { defineCommand } from "./command.ts";
import { runCommandLine } from "./command-line.ts";

const pour = defineCommand({
  name: "pour",
  positionals: "<drink> [rest..]",
  summary: "Pours",
  options: { cold: { type: "boolean", describe: "Cold" }, size: { type: "string", requiresArg: true } },
  examples: [["sluice pour tea", "Tea"]],
  async run(given, { terminal }) {
    const { drink, rest } = given.positionals;
    terminal.out(JSON.stringify({ drink, rest, cold: given.cold, size: given.size }));
    return 0;
  },
});

const fail = defineCommand({
  name: "fail",
  positionals: "",
  summary: "Fails",
  options: {},
  examples: [],
  async run(_given, { argv }) {
    if (argv.includes("--log.level=a")) throw new ConfigError(["log.level is wrong"]);
    if (argv.includes("--log.level=b")) throw new ToolError("denied", "Not you.");
    throw new Error("Oh no.");
  },
});

async function run(...argv: string[]) {
  const terminal = recordingTerminal();
  const code = await runCommandLine(argv, { commands: [pour, fail], version: "1.2.3", terminal });
  return { code, out: terminal.outLines.join("\n"), err: terminal.errLines.join("\n") };
}

test("flags and words reach the command, and setting flags do not disturb them", async () => {
  expect(await run("pour", "tea", "--lake.buckets", "a,b", "x=1", "--cold", "--size=00501")).toEqual({
    code: 0,
    out: '{"drink":"tea","rest":["x=1"],"cold":true,"size":"00501"}',
    err: "",
  });
});

test("words that look like numbers, JSON or nothing stay as they were typed", async () => {
  expect((await run("pour", "007", "-", '{"a":1}', "a=1.50", "--", "--x")).out).toContain(
    '"drink":"007","rest":["-","{\\"a\\":1}","a=1.50","--x"]',
  );
});

test.each([
  [["puor", "tea"], 'There is no command "puor": did you mean "pour"?'],
  [["dance"], 'There is no command "dance".'],
  [["pour"], "sluice pour wants <drink> [rest..]."],
  [["pour", "tea", "--siez", "l"], 'Unknown argument "siez" (did you mean --size?)'],
  [["pour", "tea", "--no-cold"], 'Unknown argument "no-cold"'],
  [["pour", "tea", "--size"], "size"],
  [["pour", "tea", "--size", "s", "--size", "l"], "--size is given more than once."],
  [["fail", "--lake.bucket", "a", "extra"], 'sluice fail does not know what to do with "extra".'],
])("%j is wrong usage: exit code 2, said on stderr, with where help is", async (argv, says) => {
  const { code, out, err } = await run(...argv);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(says);
  expect(err).toMatch(/See: sluice .*--help$/);
});

test("no command at all prints the help to stderr and is wrong usage", async () => {
  const { code, out, err } = await run();
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain("sluice pour  Pours");
});

test("--version and --help answer on stdout", async () => {
  expect(await run("--version")).toEqual({ code: 0, out: "1.2.3", err: "" });
  expect((await run("--help")).out).toContain("Any setting can be given as a flag");
  const help = await run("pour", "--help");
  expect(help).toMatchObject({ code: 0, err: "" });
  expect(help.out).toContain("sluice pour tea");
});

test.each([
  ["wrong settings", "--log.level=a", 2, "sluice: log.level is wrong"],
  ["a tool's fault", "--log.level=b", 1, "sluice: Not you."],
])("%s end the program in words, without a stack", async (_what, flag, code, err) => {
  expect(await run("fail", flag)).toEqual({ code, out: "", err });
});

test("a fault of the program itself says where", async () => {
  const { code, err } = await run("fail");
  expect(code).toBe(1);
  expect(err).toMatch(/^sluice: Oh no\.\nError: Oh no\.\n +at /);
});
