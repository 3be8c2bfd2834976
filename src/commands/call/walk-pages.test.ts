import { expect, test } from "vitest";
import { recordingTerminal } from "../../../test/harness/terminal.ts";
import { printAnswer } from "./print-answer.ts";
import { showProgress } from "./progress-line.ts";
import type { Answer } from "./tool-caller.ts";
import { walkPages } from "./walk-pages.ts";

async function walk(pages: Answer[]) {
  const terminal = recordingTerminal();
  const asked: unknown[] = [];
  const next = async (args: Record<string, unknown>) => {
    asked.push(args);
    return pages[asked.length - 1] as Answer;
  };
  const code = await walkPages("t", { q: 1 }, next, terminal);
  return { code, asked, out: terminal.outLines, err: terminal.errLines };
}

const page = (output: Record<string, unknown>): Answer => ({ kind: "completed", output });

test("rows of every page come out as one object per line, notes once on stderr", async () => {
  const columns = [{ name: "a" }, { name: "__proto__" }];
  const walked = await walk([
    page({ columns, rows: [[1, "x"]], truncated: true, cursor: "c1", notes: ["a sample"] }),
    page({ columns, rows: [["9007199254740993", null]], truncated: false, notes: ["a sample"] }),
  ]);
  expect(walked).toEqual({
    code: 0,
    asked: [{ q: 1 }, { q: 1, cursor: "c1" }],
    out: ['{"a":1,"__proto__":"x"}', '{"a":"9007199254740993","__proto__":null}'],
    err: ["a sample"],
  });
});

test("lists without rows come out under their field's name", async () => {
  const walked = await walk([page({ objects: [{ uri: "s3://b/k" }], prefixes: ["p/"], truncated: false })]);
  expect(walked.out).toEqual(['{"objects":{"uri":"s3://b/k"}}', '{"prefixes":"p/"}']);
});

test("a fault on the way ends with exit code 1, after the rows before it", async () => {
  const fault = { code: "changed" as const, message: "The object changed.", retryable: true };
  const walked = await walk([page({ objects: [1], cursor: "c" }), { kind: "failed", fault }]);
  expect(walked).toMatchObject({
    code: 1,
    out: ['{"objects":1}'],
    err: ["changed: The object changed.", "The same call may succeed later."],
  });
});

test("columns of one name and cursors that do not move are refused, not guessed at", async () => {
  await expect(walk([page({ columns: ["a", "a"], rows: [[1, 2]] })])).rejects.toThrow(
    'Two columns are named "a"',
  );
  await expect(walk([page({ cursor: "c" }), page({ cursor: "c" })])).rejects.toThrow("same cursor twice");
});

test("programs get a fault as JSON on stdout", () => {
  const terminal = recordingTerminal();
  expect(
    printAnswer("t", { kind: "failed", fault: { message: "No.", code: "denied" } }, true, terminal),
  ).toBe(1);
  expect(terminal.outLines).toEqual(['{"error":{"message":"No.","code":"denied"}}']);
});

test("progress is shown after a second, on a terminal only, and its text cannot write to the terminal", async () => {
  const watched = recordingTerminal({ errIsTty: true });
  const unwatched = recordingTerminal();
  const lines = [showProgress(watched), showProgress(unwatched)];
  for (const line of lines) line.report({ done: 1, total: 4, message: "reading \u001b[2J\nevil.csv" });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(watched.raw).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 800));
  for (const line of lines) line.end();
  expect(watched.raw.length).toBeGreaterThan(1);
  expect(watched.raw[0]?.slice(0, 5)).toBe("\r\u001b[2K");
  expect(watched.raw[0]?.slice(5)).toMatch(/^\S 1 s {2}25 % {2}reading \\u001b\[2J evil\.csv$/);
  expect(watched.raw.at(-1)).toBe("\r\u001b[2K");
  expect(unwatched.raw).toEqual([]);
});
