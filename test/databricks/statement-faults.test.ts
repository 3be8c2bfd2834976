import type { ServerResponse } from "node:http";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { answerNumbers, databricksLakes, numbers } from "../harness/databricks-lake.ts";
import { failing, send } from "../harness/databricks-server.ts";

const lakes = databricksLakes();
const { lake, workspace } = await lakes.start();
afterAll(() => lakes.stop());

beforeEach(() => answerNumbers(workspace));
const sql = "SELECT n FROM 'databricks://main.sales.orders'";

describe("a statement that goes wrong", () => {
  test.each([
    [
      { error_code: "BAD_REQUEST", message: "[UNRESOLVED_COLUMN] no column `x`\nat line 1" },
      "42703",
      "invalid_input",
    ],
    [{ error_code: "BAD_REQUEST", message: "[TABLE_OR_VIEW_NOT_FOUND] no" }, "42P01", "not_found"],
    [{ error_code: "BAD_REQUEST", message: "[INSUFFICIENT_PERMISSIONS] no" }, "42501", "denied"],
    [{ error_code: "RESOURCE_EXHAUSTED", message: "too large" }, undefined, "too_large"],
    [{ error_code: "TEMPORARILY_UNAVAILABLE", message: "later" }, undefined, "unavailable"],
  ])("%j is told", async (error, sqlState, code) => {
    workspace.statements.script = () => ({ error, ...(sqlState === undefined ? {} : { sqlState }) });
    const fault = await lake.fault("lake_query", { sql });
    expect(fault.code).toBe(code);
    expect(fault.message).toContain("Databricks could not run the statement");
    expect(fault.message).not.toContain("at line 1");
  });

  test.each([
    ["rows are missing", (chunk: Record<string, unknown>) => ({ ...chunk, next_chunk_index: undefined })],
    ["rows are skipped", (chunk: Record<string, unknown>) => ({ ...chunk, row_offset: 1_400 })],
    ["a part comes twice", (chunk: Record<string, unknown>) => ({ ...chunk, next_chunk_index: 1 })],
    ["rows have another width", (chunk: Record<string, unknown>) => ({ ...chunk, data_array: [["1", "2"]] })],
    ["values are no texts", (chunk: Record<string, unknown>) => ({ ...chunk, data_array: [[{}]] })],
  ])("a result where %s is no result", async (_what, change) => {
    workspace.faults = [
      ({ path }, response) => {
        const [, id, index] = /statements\/([^/]+)\/result\/chunks\/(1)$/.exec(path) ?? [];
        if (id === undefined) return false;
        const chunk = workspace.statements.chunk(id, Number(index)) as Record<string, unknown>;
        return send(response, 200, change(chunk));
      },
    ];
    expect(await lake.fault("lake_query", { sql })).toMatchObject({ code: "unavailable" });
  });

  test("429 and 503 on the way are waited out", async () => {
    workspace.faults = [
      failing(/statements$/, 1, 429, {}, { "retry-after": "0" }),
      failing(/chunks\/2$/, 2, 503, {}, { "retry-after": "0" }),
    ];
    expect((await lake.output("lake_query", { sql })).totalRows).toBe(2_500);
    expect(workspace.statements.all).toHaveLength(1);
  });

  test("a service principal's token that expires on the way is renewed", async () => {
    const credentials = { kind: "m2m", clientId: "sluice-client", clientSecret: "sluice-secret" } as const;
    const own = await lakes.start({ credentials }, () => numbers);
    own.workspace.faults = [
      ({ path }) => {
        if (/chunks\/1$/.test(path) && own.workspace.requests.length < 5) own.workspace.tokens.clear();
        return false;
      },
    ];
    expect((await own.lake.output("lake_query", { sql })).totalRows).toBe(2_500);
    expect(own.workspace.requests.filter(({ path }) => path === "/oidc/v1/token")).toHaveLength(2);
  });

  test("a row larger than a page is told with its column", async () => {
    workspace.statements.script = () => ({
      columns: [{ name: "big", type_text: "STRING" }],
      rows: [["x".repeat(300_000)]],
    });
    const { code, message } = await lake.fault("lake_query", { sql });
    expect(code).toBe("too_large");
    expect(message).toContain('column "big"');
  });
});

describe("a warehouse that cannot be looked at", () => {
  test.each([
    ["answers 503", (response: ServerResponse) => send(response, 503, {}, { "retry-after": "0" })],
    ["answers what is no state", (response: ServerResponse) => send(response, 200, { status: "?" })],
  ])("has the statement canceled where it %s", async (_what, answer) => {
    workspace.statements.script = () => ({ ...numbers, polls: 1_000 });
    workspace.faults = [
      ({ method, path }, response) => method === "GET" && /statements\/[^/]+$/.test(path) && answer(response),
    ];
    expect(await lake.fault("lake_query", { sql })).toMatchObject({ code: "unavailable" });
    expect(workspace.statements.all.map(({ isCanceled }) => isCanceled)).toEqual([true]);
  });

  test("has nothing to cancel of a statement that failed by itself", async () => {
    workspace.statements.script = () => ({ error: { error_code: "BAD_REQUEST", message: "no" } });
    await lake.fault("lake_query", { sql });
    expect(workspace.requests.filter(({ path }) => path.endsWith("/cancel"))).toEqual([]);
  });
});

describe("a caller who is gone", () => {
  test.each([
    ["while the warehouse runs it", { ...numbers, polls: 1_000 }],
    ["before its id is known", { ...numbers, polls: 1_000, holdMs: 300 }],
  ])("has the statement canceled, %s", async (_when, outcome) => {
    workspace.statements.script = () => outcome;
    const controller = new AbortController();
    const scope = { tenantId: "t", principalId: "p", signal: controller.signal, progress: () => {} };
    const running = lake.lake.query({ sql, sources: {}, maxRows: 1, maxBytes: 1_000 }, scope);
    running.catch(() => {});
    await expect.poll(() => workspace.statements.all.length).toBe(1);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "timeout" });
    await expect.poll(() => workspace.statements.all[0]?.isCanceled, { timeout: 5_000 }).toBe(true);
  });
});
