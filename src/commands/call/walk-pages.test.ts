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

/** A clock that stands until it is moved. */
function handClock() {
  let nowMs = 0;
  const timers = new Set<{ intervalMs: number; dueMs: number; draw: () => void }>();
  return {
    nowMs: () => nowMs,
    every(intervalMs: number, draw: () => void) {
      const timer = { intervalMs, dueMs: nowMs + intervalMs, draw };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    running: () => timers.size,
    moveTo(toMs: number) {
      for (; nowMs < toMs; nowMs++)
        for (const timer of timers)
          if (timer.dueMs === nowMs) {
            timer.dueMs += timer.intervalMs;
            timer.draw();
          }
    },
  };
}

test("progress is shown after a second, on a terminal only, and its text cannot write to the terminal", () => {
  const watched = recordingTerminal({ errIsTty: true });
  const unwatched = recordingTerminal();
  const clock = handClock();
  const lines = [showProgress(watched, clock), showProgress(unwatched, clock)];
  for (const line of lines) line.report({ done: 1, total: 4, message: "reading \u001b[2J\nevil.csv" });
  clock.moveTo(1000);
  expect(watched.raw).toEqual([]);
  clock.moveTo(1001);
  expect(watched.raw).toEqual(["\r\u001b[2K⠋ 1 s  25 %  reading \\u001b[2J evil.csv"]);
  clock.moveTo(1700);
  expect(watched.raw.slice(1).map((text) => text.slice(5, 10))).toEqual(["⠙ 1 s", "⠹ 1 s", "⠸ 2 s"]);
  for (const line of lines) line.end();
  expect(watched.raw.at(-1)).toBe("\r\u001b[2K");
  expect(clock.running()).toBe(0);
  expect(unwatched.raw).toEqual([]);
});
