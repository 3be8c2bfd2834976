import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { createSealer } from "../../core/seal.ts";
import { createTaskIds } from "./task-ids.ts";

const key = "a secret that two servers have in common";
const call = {
  owner: "ada",
  rights: "",
  name: "lake_query",
  arguments: { sql: "SELECT 1" },
  correlationId: "c",
  work: { system: "athena", id: "1", notes: [] },
  createdMs: 1,
  ttlMs: 2,
};
const sealed = (text: string) =>
  `1.${createSealer([key], "sluice task id 1").seal(deflateRawSync(Buffer.from(text)))}`;

test("an id holds its call", () => {
  const ids = createTaskIds(key);
  expect(ids.open(ids.seal(call) ?? "")).toEqual(call);
});

test.each([
  ["of another form", JSON.stringify({ ...call, version: 2 })],
  ["that is no JSON", "{"],
  ["of many bytes", JSON.stringify({ ...call, name: "a".repeat(2_000_000) })],
])("an id with a call %s is unknown", (_what, text) => {
  expect(createTaskIds(key).open(sealed(text))).toBeUndefined();
});

test("a call that could not be opened again is not sealed", () => {
  const sql = "a".repeat(1024 * 1024);
  expect(createTaskIds(key).seal({ ...call, arguments: { sql } })).toBeUndefined();
});
