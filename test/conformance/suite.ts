import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { nodeForConformance } from "../harness/node24.ts";

export interface ScenarioResult {
  name: string;
  passed: number;
  failed: number;
}

export interface SuiteResult {
  scenarios: ScenarioResult[];
  /** 0 when every scored scenario passed or failed as the baseline says. */
  exitCode: number;
  output: string;
}

const require = createRequire(import.meta.url);
const entry = join(
  dirname(require.resolve("@modelcontextprotocol/conformance/package.json")),
  "dist/index.js",
);

/** Runs the official suite against a server. `which` are the suite's own flags. */
export function runSuite(url: string, which: readonly string[]): Promise<SuiteResult> {
  const given = [entry, "server", "--url", url, ...which];
  return new Promise((resolve) => {
    const options = { cwd: tmpdir(), maxBuffer: 64 * 1024 * 1024 };
    execFile(nodeForConformance(), given, options, (error, stdout, stderr) => {
      const exitCode = typeof error?.code === "number" ? error.code : error ? 1 : 0;
      resolve({ scenarios: readScenarios(stdout), exitCode, output: stdout + stderr });
    });
  });
}

function readScenarios(output: string): ScenarioResult[] {
  const lines = output.matchAll(/^[✓✗] ([a-z0-9-]+): (\d+) passed, (\d+) failed/gm);
  return [...lines].map(([, name = "", passed, failed]) => ({
    name,
    passed: Number(passed),
    failed: Number(failed),
  }));
}

export function totalOf(scenarios: readonly ScenarioResult[], count: "passed" | "failed"): number {
  return scenarios.reduce((total, scenario) => total + scenario[count], 0);
}
