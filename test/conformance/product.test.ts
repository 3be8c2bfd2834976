import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { startTestLake } from "../harness/lake.ts";
import { runSuite } from "./suite.ts";

const { calls, put, stop } = await startTestLake();
const front = createMcpFront({ calls, serverInfo: { name: "sluice", version: "0.0.0" } });
const adapter = createHttpAdapter({ front, calls });
/** Checks inside name-free scenarios that need a tool of the suite's own after all. */
const baseline = join(import.meta.dirname, "product-baseline.yml");
let url = "";

beforeAll(async () => {
  await put("customers.csv", "id,name\n1,Ada\n");
  url = `${(await adapter.listen()).url}/mcp`;
});
afterAll(async () => {
  await adapter.close();
  await stop();
});

test.each([
  { revision: "2026-07-28", scenario: "server-stateless" },
  { revision: "2026-07-28", scenario: "tools-list" },
  { revision: "2026-07-28", scenario: "resources-list" },
  { revision: "2026-07-28", scenario: "sep-2164-resource-not-found" },
  { revision: "2026-07-28", scenario: "prompts-list" },
  { revision: "2026-07-28", scenario: "caching" },
  { revision: "2026-07-28", scenario: "dns-rebinding-protection" },
  { revision: "2026-07-28", scenario: "http-header-validation" },
  { revision: "2026-07-28", scenario: "server-sse-multiple-streams" },
  { revision: "2025-11-25", scenario: "server-initialize" },
  { revision: "2025-11-25", scenario: "server-session-lifecycle" },
  { revision: "2025-11-25", scenario: "server-sse-polling" },
  { revision: "2025-11-25", scenario: "logging-set-level" },
  { revision: "2025-11-25", scenario: "ping" },
  { revision: "2025-11-25", scenario: "dns-rebinding-protection" },
  { revision: "2025-06-18", scenario: "server-session-lifecycle" },
  { revision: "2025-03-26", scenario: "server-session-lifecycle" },
])("the product passes $scenario of $revision", { timeout: 60_000 }, async ({ revision, scenario }) => {
  const which = ["--scenario", scenario, "--spec-version", revision, "--expected-failures", baseline];
  const { exitCode, output } = await runSuite(url, which);
  expect(exitCode, output).toBe(0);
});
