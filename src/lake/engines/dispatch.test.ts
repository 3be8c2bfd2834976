import { expect, test } from "vitest";
import { ToolError } from "../../core/errors.ts";
import type { Outside, OutsideWork } from "../../core/outside.ts";
import type { DatasetRows, LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { estimateOnEngine, type QueryEngines, queryOnEngine } from "./dispatch.ts";
import type { RemoteEngine } from "./engine.ts";

const scope: LakeScope = {
  tenantId: "t",
  principalId: "p",
  signal: new AbortController().signal,
  progress: () => {},
};

function page(value: string, cursor?: string): DatasetRows {
  const more = cursor === undefined ? { more: false } : { more: true, cursor };
  return { columns: [], rows: [[value]], ...more, rejectedCount: 0, rejects: [], notes: [] };
}

/** Answers with its name and the cursor it was handed. */
function echo(suits?: (request: LakeQueryRequest) => boolean): RemoteEngine {
  return {
    name: "databricks",
    stop: async () => {},
    run: async ({ cursor = "first" }) => ({ ...page(`databricks ${cursor}`, "p2"), execution: { id: "1" } }),
    ...(suits
      ? {
          suits: async (request: LakeQueryRequest) =>
            suits(request) ? { takes: true, notes: [] } : { takes: false, why: "" },
        }
      : {}),
  };
}

function engines(...remote: RemoteEngine[]): QueryEngines {
  return {
    local: async ({ cursor = "first" }) => page(`local ${cursor}`, "bG9jYWw"),
    estimateLocal: async () => ({ files: 1, bytes: 10, exactness: "by plan", notes: [] }),
    maxScanBytes: 100,
    athenaUsdPerTib: 5,
    remote,
  };
}

const request: LakeQueryRequest = { sql: "SELECT 1", sources: {}, maxRows: 10, maxBytes: 1000 };

test("auto stays here unless a remote engine suits the statement", async () => {
  expect(await queryOnEngine(engines(echo()), request, scope)).toMatchObject({
    engine: "local",
    rows: [["local first"]],
    cursor: "bG9jYWw",
  });
  expect(await queryOnEngine(engines(echo(() => true)), request, scope)).toMatchObject({
    engine: "databricks",
    rows: [["databricks first"]],
    cursor: "databricks.p2",
  });
});

test("an engine that was named is not asked whether it suits", async () => {
  const all = engines(echo(() => true));
  expect(await queryOnEngine(all, { ...request, engine: "local" }, scope)).toMatchObject({ engine: "local" });
  const never = engines(echo(() => false));
  expect(await queryOnEngine(never, { ...request, engine: "databricks" }, scope)).toMatchObject({
    engine: "databricks",
  });
});

test("a cursor goes back to the engine it came from, whatever suits by now", async () => {
  const all = engines(echo(() => true));
  expect((await queryOnEngine(all, { ...request, cursor: "bG9jYWw" }, scope)).rows).toEqual([
    ["local bG9jYWw"],
  ]);
  expect((await queryOnEngine(all, { ...request, cursor: "databricks.p2" }, scope)).rows).toEqual([
    ["databricks p2"],
  ]);
});

test("a cursor of one engine is refused where another is asked for", async () => {
  const asked = { ...request, engine: "local" as const, cursor: "databricks.p2" };
  await expect(queryOnEngine(engines(echo()), asked, scope)).rejects.toMatchObject({ code: "invalid_input" });
  const forged = { ...request, cursor: "elsewhere.p2" };
  await expect(queryOnEngine(engines(echo()), forged, scope)).rejects.toMatchObject({
    code: "invalid_input",
  });
});

test("an engine that is not set up is named, and so are those that are", async () => {
  await expect(queryOnEngine(engines(), { ...request, engine: "databricks" }, scope)).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("lake.databricks has no settings. Here are: local."),
  });
});

test("what is said of a statement's way is kept with what it begins elsewhere, and said again by who goes on with it", async () => {
  const begun: OutsideWork[] = [];
  const outside: Outside = { beginning() {}, began: (work) => begun.push(work), isLeaving: () => false };
  const engine: RemoteEngine = {
    ...echo(),
    suits: async () => ({ takes: true, notes: ["It is there."] }),
    async run({ cursor = "first" }, { outside }) {
      if (!outside?.resumes) outside?.began({ system: "databricks", id: "7", notes: ["It is large."] });
      return { ...page(`${outside?.resumes?.id ?? "new"} ${cursor}`), execution: { id: "7" } };
    },
  };
  await queryOnEngine(engines(engine), request, { ...scope, outside });
  expect(begun).toEqual([{ system: "databricks", id: "7", notes: ["It is there.", "It is large."] }]);
  const [resumes] = begun;
  const answer = await queryOnEngine(engines(engine), request, {
    ...scope,
    outside: { ...outside, resumes },
  });
  expect(answer).toMatchObject({ rows: [["7 first"]], notes: ["It is there.", "It is large."] });
});

test("what is too much here even to be looked at is estimated where it would run", async () => {
  const tooMuch = new ToolError("too_large", "Too many files.", { details: { maxTableFiles: 1 } });
  const refusing = async () => Promise.reject(tooMuch);
  const remote: RemoteEngine = { ...echo(), takesOver: async () => ({ takes: true, notes: [] }) };
  const all = { ...engines(remote), local: refusing, estimateLocal: refusing };
  expect(await queryOnEngine(all, request, scope)).toMatchObject({ engine: "databricks" });
  expect(await estimateOnEngine(all, request, scope)).toMatchObject({ engine: "databricks" });
});
