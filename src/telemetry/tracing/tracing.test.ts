import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { pathWith, call as plainCall, tool } from "../../../test/harness/call-path.ts";
import { type DatabricksLake, startDatabricksLake } from "../../../test/harness/databricks-lake.ts";
import { startOtlpReceiver } from "../../../test/harness/otlp-receiver.ts";
import { type CallPath, type CallRequest, callTool } from "../../core/call.ts";
import { localPrincipal } from "../../core/principal.ts";
import { beginServiceCall } from "../../core/service-calls.ts";
import { unguarded } from "../../core/steps.ts";
import { createTracing, type Tracing } from "./create-tracing.ts";

let shop: DatabricksLake;
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let tracing: Tracing;
const log = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() };
beforeAll(async () => {
  shop = await startDatabricksLake();
}, 60_000);
beforeEach(async () => {
  vi.clearAllMocks();
  receiver = await startOtlpReceiver();
  tracing = createTracing({ endpoint: `${receiver.endpoint}/`, log, version: "1.2.3", gatherMs: 20 });
});
afterEach(async () => {
  await tracing.close();
  await receiver.stop();
});
afterAll(() => shop?.stop());

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentSpanId = "00f067aa0ba902b7";
const secretWord = "hunter2";
const traced = (path: CallPath): CallPath => ({
  ...path,
  steps: { ...path.steps, observer: tracing.observer },
});
const ask = (path: CallPath, given: Pick<CallRequest, "name" | "arguments"> & Partial<CallRequest>) =>
  callTool(path, { principal: { ...localPrincipal, id: "alice@example.org" }, ...given });

test("a call is a span below its caller's, and its requests to S3 are spans below it", async () => {
  const uri = await shop.lake.put("secret-folder/a.csv", `word\n${secretWord}\n`);
  const path = traced(shop.lake.calls);
  const args = { uri, filter: `word = '${secretWord}'` };
  await ask(path, { name: "lake_read_rows", arguments: args, correlationId: traceId, parentSpanId });
  await tracing.flush(2_000);
  const [span, ...more] = receiver.spans().filter(({ kind }) => kind === 2);
  expect(more).toEqual([]);
  expect(span).toMatchObject({
    traceId,
    parentSpanId,
    name: "tools/call lake_read_rows",
    status: { code: 0 },
  });
  const below = receiver.spans().filter(({ kind }) => kind === 3);
  expect(span?.attributes).toEqual({
    "sluice.tool": "lake_read_rows",
    "sluice.toolset": "lake",
    "sluice.effect": "read",
    "sluice.correlation_id": traceId,
    "sluice.outcome": "ok",
    "sluice.service_calls": below.length,
  });
  expect(below.map(({ name }) => name)).toContain("s3 GetObject");
  for (const one of below) {
    expect(one).toMatchObject({ traceId, parentSpanId: span?.spanId });
    expect(one.attributes).toMatchObject({ "rpc.service": "s3", "aws.request_id": expect.any(String) });
    expect(one.startTimeUnixNano >= (span?.startTimeUnixNano ?? 0n)).toBe(true);
    expect(one.endTimeUnixNano <= (span?.endTimeUnixNano ?? 0n)).toBe(true);
  }
  expect(receiver.resources()[0]).toEqual({ "service.name": "sluice", "service.version": "1.2.3" });
});

test("no argument, path, name of a table, principal or secret is in a span, of calls that fail neither", async () => {
  const path = traced(shop.lake.calls);
  const uri = await shop.lake.put("secret-folder/b.csv", `word\n${secretWord}\n`);
  await ask(path, { name: "lake_read_rows", arguments: { uri } });
  await ask(path, { name: "lake_read_rows", arguments: { uri: "s3://lake/secret-folder/none.csv" } });
  await ask(path, { name: "lake_get_metadata", arguments: { uri: "databricks://main.sales.orders" } });
  await ask(path, { name: "lake_read_rows", arguments: { uri: 7, [secretWord]: secretWord } });
  await tracing.flush(2_000);
  const codes = receiver.spans().flatMap(({ attributes }) => attributes["sluice.outcome"] ?? []);
  expect(codes).toEqual(["ok", "not_found", "ok", "invalid_input"]);
  expect(receiver.spans().map(({ name }) => name)).toContain("databricks GET");
  const missed = receiver.spans().find(({ attributes }) => attributes["sluice.outcome"] === "not_found");
  expect(missed).toMatchObject({ attributes: { "error.type": "not_found" }, status: { code: 2 } });
  expect(receiver.raw()).not.toMatch(/hunter2|secret-folder|main|sales|orders|alice|s3:\/\/|\.csv/);
});

test("a call without a trace begins one, and thousands of requests make a hundred spans", async () => {
  const busy = tool("test_busy", {
    handle: async () => {
      for (let index = 0; index < 3_000; index++) beginServiceCall("s3", "GetObject")?.ended();
      return { said: "" };
    },
  });
  await plainCall(pathWith([busy], { steps: { ...unguarded, observer: tracing.observer } }), "test_busy");
  await tracing.flush(2_000);
  const [span] = receiver.spans().filter(({ kind }) => kind === 2);
  expect(span?.parentSpanId ?? "").toBe("");
  expect(span?.attributes).toMatchObject({ "sluice.service_calls": 3_000, "sluice.correlation_id": "id-1" });
  expect(receiver.spans()).toHaveLength(101);
});

test("a hidden tool and an unknown one leave no span", async () => {
  const policy = { ...unguarded.policy, visible: () => false };
  const steps = { ...unguarded, policy, observer: tracing.observer };
  const path = pathWith([tool("test_say")], { steps });
  await plainCall(path, "test_say");
  await plainCall(path, "test_none");
  await tracing.flush(2_000);
  expect(receiver.spans()).toEqual([]);
});

test("calls go on while the receiver refuses, the log says so once, and later spans arrive", async () => {
  receiver.answers.status = 400;
  const path = pathWith([tool("test_say")], { steps: { ...unguarded, observer: tracing.observer } });
  for (let round = 0; round < 3; round++) {
    expect(await plainCall(path, "test_say")).toMatchObject({ kind: "completed" });
    await tracing.flush(2_000);
  }
  expect(log.warn.mock.calls).toEqual([["spans lost", { spans: 1, error: expect.anything() }]]);
  receiver.answers.status = 200;
  await plainCall(path, "test_say");
  await tracing.flush(2_000);
  expect(receiver.spans()).toHaveLength(1);
  expect(log.info.mock.calls).toEqual([["spans taken again"]]);
});

test("a receiver that is gone holds up neither calls nor the end", async () => {
  await receiver.stop();
  const path = pathWith([tool("test_say")], { steps: { ...unguarded, observer: tracing.observer } });
  expect(await plainCall(path, "test_say")).toMatchObject({ kind: "completed" });
  const startedMs = performance.now();
  await tracing.close();
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});
