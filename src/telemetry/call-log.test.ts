import { expect, test } from "vitest";
import { confirmingPath, requestOf } from "../../test/harness/confirming-path.ts";
import { createCallLog } from "./call-log.ts";
import { createLog } from "./log.ts";

test("what is logged of a write that waits to be confirmed quotes none of its arguments, and no token", async () => {
  const lines: string[] = [];
  const observer = createCallLog(createLog({ level: "trace", write: (line) => lines.push(line) }));
  const { calls, call } = confirmingPath();
  const on = { ...calls, steps: { ...calls.steps, observer } };
  const { confirmationToken } = requestOf(await call({ position: "on" }, { on }));
  expect(lines).toHaveLength(1);
  const { error, ...fields } = JSON.parse(lines[0] ?? "");
  expect(fields).toMatchObject({ event: "tool call", tool: "switch_set_position", outcome: "conflict" });
  expect(error).toEqual({
    name: "ToolError",
    code: "conflict",
    message: expect.stringContaining("has to be confirmed"),
  });
  expect(lines[0]).not.toContain(confirmationToken);
});
