import type { ConfigError } from "../../src/config/config-error.ts";
import { loadConfig } from "../../src/config/load.ts";

const surroundings = {
  env: {},
  cwd: "/",
  home: "/",
  os: "linux" as const,
  cpuCount: 2,
  memoryBytes: 2 ** 30,
};

/** The settings of a command line, on a machine that has none of its own. */
export function loadSettings(...argv: string[]) {
  return loadConfig({ argv, surroundings, defaultFile: false });
}

/** What is wrong with them. */
export function settingsProblems(...argv: string[]): Promise<readonly string[]> {
  return loadSettings(...argv).then(
    () => [],
    (thrown: ConfigError) => thrown.problems,
  );
}
