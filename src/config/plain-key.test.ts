import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { redactText } from "../telemetry/redact-text.ts";
import { loadConfig } from "./load.ts";
import type { Environment } from "./platform.ts";

const key = "the-key-itself-0123456789";
let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "sluice-plain-key-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function warningsOf(text: string, argv: string[] = [], env: Environment = {}) {
  await writeFile(join(cwd, "sluice.yaml"), text);
  const machine = { home: "/home/ada", os: "linux", cpuCount: 8, memoryBytes: 8e9 } as const;
  return (await loadConfig({ argv, surroundings: { ...machine, env, cwd } })).warnings;
}

test("a key in a settings file is warned of, without the key", async () => {
  const [warning, ...more] = await warningsOf(`auth: { apiKey: ${key} }`);
  expect(warning).toMatch(/^auth\.apiKey \(.*sluice\.yaml\) is the key itself.*a reference to it.*sha256:…/);
  expect(redactText(warning ?? "")).toBe(warning);
  expect(warning).not.toContain(key);
  expect(more).toEqual([]);
});

test("a reference is fine, and a key elsewhere, and one in the file that another source wins over", async () => {
  await writeFile(join(cwd, "key"), key, { mode: 0o600 });
  expect(await warningsOf(`auth: { apiKey: "secret://file${join(cwd, "key")}" }`)).toEqual([]);
  expect(await warningsOf("log: { level: warn }", [], { API_KEY: key })).toEqual([]);
  expect(await warningsOf("auth: { apiKey: another-key-of-that-length }", ["--auth.apiKey", key])).toEqual(
    [],
  );
});
