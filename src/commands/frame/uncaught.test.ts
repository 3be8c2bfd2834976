import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLog } from "../../telemetry/log.ts";
import { logWarnings } from "./uncaught.ts";

test("a warning of the runtime is one line, without the secrets it quotes", async () => {
  const before = process.listeners("warning");
  const lines: string[] = [];
  logWarnings(createLog({ level: "info", write: (line) => lines.push(line) }));
  try {
    process.emitWarning("first line\npassword=hunter2");
    await setImmediate();
  } finally {
    process.removeAllListeners("warning");
    for (const listener of before) process.on("warning", listener);
  }
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", event: "runtime warning" });
  expect(lines[0]).toContain("first line");
  expect(lines[0]).not.toContain("hunter2");
});
