import { configDefaults, defineConfig } from "vitest/config";

/** Tests of what only a machine that does nothing else at the time can show. */
const alone = [
  "test/e2e/cli-limits.test.ts",
  "test/hostile/event-loop.test.ts",
  "test/hostile/stopping-under-load.test.ts",
  "test/hostile/thousand-calls.test.ts",
];

export default defineConfig({
  test: {
    setupFiles: ["test/harness/clean-environment.ts"],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes; how soon is the machine's affair.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "side by side",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...alone],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
