import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { call, pathWith, tool } from "../../test/harness/call-path.ts";
import { duringCalls } from "./during-calls.ts";
import { createLog } from "./log.ts";

test("what is logged during a call carries its correlation id, however deep, and what is logged outside does not", async () => {
  const lines: string[] = [];
  const log = duringCalls(createLog({ level: "info", write: (line) => lines.push(line) }));
  const deep = async (word: unknown) => {
    await wait(5);
    log.info("service asked", { word });
  };
  const slow = tool("test_slow", {
    handle: async ({ word }) => {
      await deep(word);
      return { said: "done" };
    },
  });
  let ids = 0;
  const path = pathWith([slow], { newId: () => `id-${++ids}` });
  await Promise.all([call(path, "test_slow", { word: "a" }), call(path, "test_slow", { word: "b" })]);
  log.info("outside");
  expect(
    lines.map((line) => JSON.parse(line)).map(({ word, tool, correlationId }) => [word, tool, correlationId]),
  ).toEqual([
    ["a", "test_slow", "id-2"],
    ["b", "test_slow", "id-4"],
    [undefined, undefined, undefined],
  ]);
});
