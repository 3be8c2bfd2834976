import { expect, test } from "vitest";
import { call, pathWith, tool } from "../../test/harness/call-path.ts";
import { unguarded } from "../core/steps.ts";
import { createCallScope } from "./call-scope.ts";
import { createLog } from "./log.ts";
import { observeAll } from "./observe-all.ts";

test("of several observers one that throws around a call costs neither it nor the others anything", async () => {
  const lines: string[] = [];
  const scope = createCallScope();
  const log = scope.during(createLog({ level: "info", write: (line) => lines.push(line) }));
  const said = tool("test_say_word", {
    handle: async () => {
      log.info("in the call");
      return { said: "hello" };
    },
  });
  const around = () => {
    throw new Error("No tracer.");
  };
  const { observer } = unguarded;
  for (const observers of [
    [
      { ...observer, around: scope.around },
      { ...observer, around },
    ],
    [
      { ...observer, around },
      { ...observer, around: scope.around },
    ],
  ]) {
    const path = pathWith([said], { steps: { ...unguarded, observer: observeAll(observers) } });
    expect(await call(path, "test_say_word")).toMatchObject({ kind: "completed" });
  }
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "in the call", tool: "test_say_word", correlationId: "id-1" },
    { event: "in the call", tool: "test_say_word", correlationId: "id-1" },
  ]);
});
