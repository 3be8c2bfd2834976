import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditPlace, auditedPath, createAuditPlace } from "../../test/harness/audit.ts";
import { call } from "../../test/harness/call-path.ts";
import { callTool } from "../core/call.ts";
import { localPrincipal } from "../core/principal.ts";
import type { OpenAppendFile } from "./journal/append-file.ts";
import { openAppendFile } from "./journal/append-file.ts";
import { canonicalDigest } from "./record/canonical-json.ts";

let place: AuditPlace;
beforeEach(async () => {
  place = await createAuditPlace();
});
afterEach(() => place.remove());

/** The records of calls, once the audit has ended. */
async function recordsOf(args: unknown, tool = "test_read_word", correlationId?: string) {
  const audit = place.audit();
  await callTool(auditedPath(audit), {
    name: tool,
    arguments: args,
    principal: localPrincipal,
    correlationId,
  });
  await audit.close();
  const { lines } = await place.file();
  expect(await place.verifyAnchored()).toMatchObject({ problems: [], notes: [] });
  const records = (await place.records()).filter(({ kind }) => kind === "intent" || kind === "outcome");
  return { records, lines };
}

test("a call has a record before it acts and one after", async () => {
  const { records } = await recordsOf({ word: "hi" }, "test_write_word", "trace-7");
  const shared = {
    call: "id-1",
    correlationId: "trace-7",
    principal: "local",
    tenant: "default",
    via: "local",
    tool: "test_write_word",
    effect: "write",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  };
  expect(records).toMatchObject([
    {
      ...shared,
      kind: "intent",
      arguments: { word: "hi" },
      argumentsSha256: canonicalDigest({ word: "hi" }).sha256,
      argumentsBytes: 13,
    },
    { ...shared, kind: "outcome", result: "ok", resultBytes: 13, durationMs: expect.any(Number) },
  ]);
  expect(records[1]).not.toHaveProperty("arguments");
});

test("who called is on record as was proved, whatever it looks like", async () => {
  const audit = place.audit();
  const principal = { ...localPrincipal, id: "jwt:api_key=ada", tenantId: "secret: acme" };
  await callTool(auditedPath(audit), { name: "test_read_word", arguments: { word: "hi" }, principal });
  await audit.close();
  const records = (await place.records()).filter(({ kind }) => kind === "outcome");
  expect(records).toMatchObject([{ principal: "jwt:api_key=ada", tenant: "secret: acme" }]);
});

test("a call that is refused before it could act has one record, with its arguments", async () => {
  const { records } = await recordsOf({ word: "hi", times: 9 });
  expect(records).toMatchObject([
    { kind: "outcome", result: "invalid_input", arguments: { word: "hi", times: 9 } },
  ]);
});

describe("whatever an agent sends, a record is one line of ASCII that holds no secret and is bounded", () => {
  const deep = JSON.parse(`${'{"a":['.repeat(50_000)}1${"]}".repeat(50_000)}`);
  test.each<[string, unknown]>([
    ["line ends", { word: "a\r\nb\nc", "n\na\rme": "x" }],
    ["Unicode line ends", { word: "a\u2028b\u2029c\u0085d" }],
    ["ANSI escapes", { word: "\u001b[2J\u009b31m" }],
    ["direction marks", { word: "\u202egnp.exe\u2066" }],
    ["a forged record", { word: '"}\n{"kind":"outcome","result":"ok"}' }],
    ["lone surrogates and NUL", { word: "\ud800\u0000" }],
    [
      "megabytes",
      { word: "x".repeat(5_000_000), ["n".repeat(1_000_000)]: 1, list: Array(100_000).fill("yy") },
    ],
    ["__proto__ and constructor", JSON.parse('{"__proto__":{"kind":"forged"},"constructor":1}')],
    ["deep nesting", { word: deep }],
    ["no object", ["a", 1, null]],
    ["a text", "hello"],
  ])("%s", async (_what, args) => {
    const { records, lines } = await recordsOf(args);
    expect(lines.every((line) => /^[\x20-\x7e]+$/.test(line))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(64_000);
    const [record] = records;
    expect(record?.argumentsSha256).toBe(canonicalDigest(args).sha256);
    expect({}).not.toHaveProperty("kind");
  });

  test.each<[string, unknown]>([
    [
      "by name",
      { password: "hunter2", nested: { apiKey: "hunter2", headers: [{ Authorization: "hunter2" }] } },
    ],
    ["in connection strings", { word: "postgresql://ada:hunter2@db/x and Server=x;Password=hunter2;" }],
    ["as tokens", { word: "Bearer hunter2hunter2 eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2" }],
    ["as private keys", { word: "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----" }],
    ["at the cut", { word: `${"x".repeat(3_980)} Bearer hunter2${"y".repeat(2_000)}` }],
    [
      "in resources",
      { uri: "https://ada:hunter2@example.org/", sql: "SELECT 1 FROM 'https://a:hunter2@b/'" },
    ],
  ])("secrets %s", async (_how, args) => {
    const { lines } = await recordsOf(args);
    expect(lines.join("\n")).toContain("[hidden]");
    expect(lines.join("\n")).not.toContain("hunter2");
  });
});

test("resources are named once each, from arguments and statements", async () => {
  const { records } = await recordsOf({
    instanceIds: ["i-1", "i-2"],
    uri: "s3://b/k",
    sources: { orders: "s3://b/orders/" },
    sql: "SELECT * FROM 's3://b/k' JOIN \"s3://b/other\" USING (id)",
  });
  expect(records[0]?.resources).toEqual(["i-1", "i-2", "s3://b/k", "s3://b/orders/", "s3://b/other"]);
});

/** A disk that is full while `fault` holds. */
function fullDisk() {
  const disk = { isFull: true };
  const openFile: OpenAppendFile = async (path) => {
    const file = await openAppendFile(path);
    const append = async (bytes: Buffer) => {
      if (disk.isFull) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      return file.append(bytes);
    };
    return { ...file, append };
  };
  return { disk, openFile };
}

test("with a journal that cannot be written, writes are refused, reads go on, and the rest is told later", async () => {
  const { disk, openFile } = fullDisk();
  const audit = place.audit({ openFile });
  const acted: string[] = [];
  const path = auditedPath(audit, acted);
  const refused = await call(path, "test_write_word");
  expect(refused).toMatchObject({ kind: "failed", fault: { code: "unavailable", retryable: true } });
  expect(JSON.stringify(refused)).not.toContain(place.dir);
  expect(await call(path, "test_read_word")).toMatchObject({ kind: "completed" });
  expect(acted).toEqual(["read"]);
  expect(place.logged).toEqual(["audit journal cannot be written"]);

  disk.isFull = false;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await call(path, "test_write_word")).toMatchObject({ kind: "completed" });
  await audit.close();
  const told = (await place.records()).map(({ kind, effect, result }) =>
    [kind, effect, result].filter((part) => part !== undefined).join(" "),
  );
  expect(told).toEqual([
    "opened",
    "gap",
    "outcome write unavailable",
    "outcome read ok",
    "intent write",
    "outcome write ok",
    "closed",
  ]);
  expect(await place.verifyAnchored()).toMatchObject({ problems: [] });
});

test("a write whose journal's disk hangs is refused and does not act, and a read goes on", async () => {
  const openFile: OpenAppendFile = async (path) => ({
    ...(await openAppendFile(path)),
    append: () => new Promise(() => {}),
  });
  const acted: string[] = [];
  const audit = place.audit({ openFile, waitMs: 200 });
  const path = auditedPath(audit, acted);
  expect(await call(path, "test_write_word")).toMatchObject({ fault: { code: "unavailable" } });
  expect(await call(path, "test_read_word")).toMatchObject({ kind: "completed" });
  expect(acted).toEqual(["read"]);
});
