import { expect, test } from "vitest";
import { loadSettings, settingsProblems } from "../../test/harness/load-settings.ts";

const store = ["--state.store", "redis", "--state.redis.url", "redis://localhost:6379"];
const keys = (key: string, otherKey: string) => [
  ...[...store, "--writes", "confirm"],
  ...["--confirmation.key", key, "--confirmation.otherKey", otherKey],
];

test("one key in both places is refused, as a change of keys that changed nothing, and is not written out", async () => {
  const key = "k".repeat(32);
  const [problem, ...more] = await settingsProblems(...keys(key, key));
  expect(problem).toMatch(/^confirmation: key and otherKey are the same/);
  expect(problem).not.toContain(key);
  expect(more).toEqual([]);
  const { settings } = await loadSettings(...keys(key, "j".repeat(32)));
  expect(settings.confirmation).toEqual({ key, otherKey: "j".repeat(32) });
});
