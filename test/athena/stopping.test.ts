import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { AwsFault } from "../harness/aws-json.ts";

let lake: AthenaLake;
afterEach(() => lake.stop());

const statement = { sql: "SELECT count(*) FROM sales.orders", engine: "athena" };

function begin(signal: AbortSignal, progress: (message: string) => unknown = () => {}) {
  return callTool(lake.calls, {
    name: "lake_query",
    arguments: statement,
    principal: localPrincipal,
    signal,
    progress: ({ message = "" }) => progress(message),
  });
}

async function ended() {
  await vi.waitFor(() => expect(lake.athena.executions.map(({ state }) => state)).toEqual(["CANCELLED"]), {
    timeout: 10_000,
  });
}

beforeEach(async () => {
  lake = await startAthenaLake({}, { timeoutMs: 30_000 });
  lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
});

test("a client that goes stops the query in Athena, which is looked at until it has ended", async () => {
  lake.athena.behaviour.pollsToStop = 5;
  const client = new AbortController();
  const messages: string[] = [];
  const call = begin(client.signal, (message) => {
    messages.push(message);
    if (message.includes("running")) client.abort();
  });
  expect(await call).toMatchObject({ kind: "failed", fault: { code: "timeout" } });
  await ended();
  expect(messages.join("; ")).toMatch(/Athena: running, \d+ bytes scanned/);
  const [execution] = lake.athena.executions;
  expect(execution?.stops).toBe(1);
});

test("a client that goes while the start is under way leaves no query behind", async () => {
  const client = new AbortController();
  lake.athena.behaviour.disturb = ({ operation }) => {
    if (operation === "StartQueryExecution") client.abort();
    return undefined;
  };
  expect(await begin(client.signal)).toMatchObject({ kind: "failed", fault: { code: "timeout" } });
  await ended();
});

test("a call that reaches its deadline stops the query", async () => {
  lake.athena.behaviour.pollsToRun = 1;
  await lake.output("lake_query", statement);
  lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
  lake.calls.timeoutMs = 3_000;
  expect(await begin(new AbortController().signal)).toMatchObject({
    kind: "failed",
    fault: { code: "timeout" },
  });
  await vi.waitFor(() => expect(lake.athena.executions.at(-1)?.state).toBe("CANCELLED"), { timeout: 10_000 });
  expect(lake.athena.executions).toHaveLength(2);
});

test("a server that closes stops its queries first", async () => {
  let markRunning = () => {};
  const running = new Promise<void>((resolve) => {
    markRunning = resolve;
  });
  const call = begin(
    new AbortController().signal,
    (message) => message.startsWith("Athena:") && markRunning(),
  );
  await running;
  await lake.lake.close();
  expect(lake.athena.executions.map(({ state }) => state)).toEqual(["CANCELLED"]);
  expect(await call).toMatchObject({ kind: "failed" });
});

test("a query whose state is denied is stopped before the fault is told", async () => {
  let looks = 0;
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "GetQueryExecution" && ++looks === 2
      ? new AwsFault("AccessDeniedException", "no")
      : undefined;
  expect(await lake.fault("lake_query", statement)).toMatchObject({ code: "denied" });
  expect(lake.athena.executions.map(({ state }) => state)).toEqual(["CANCELLED"]);
});

test("a query that is not seen to end is named", async () => {
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "GetQueryExecution" ? new AwsFault("AccessDeniedException", "no") : undefined;
  const { message } = await lake.fault("lake_query", statement);
  expect(message).toContain(`"${lake.athena.executions[0]?.id}" was not seen to end in Athena`);
});
