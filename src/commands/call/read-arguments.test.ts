import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recordingTerminal } from "../../../test/harness/terminal.ts";
import { readArguments } from "./read-arguments.ts";

const schema = {
  properties: {
    uri: { type: "string" },
    limit: { type: "integer" },
    exact: { type: "boolean" },
    columns: { type: "array" },
    sources: { type: "object" },
    anything: {},
  },
};

function read(words: string[], file?: string, input = "", cwd = "/nowhere") {
  return readArguments({ words, file }, async () => schema, recordingTerminal({ input, cwd }));
}

test.each([
  [[], {}],
  [['{"a":[1]}'], { a: [1] }],
  [["uri=s3://b/k=1", "limit=5", "exact=true"], { uri: "s3://b/k=1", limit: 5, exact: true }],
  [["uri=00501"], { uri: "00501" }],
  [["uri="], { uri: "" }],
  [["columns=a, b", "columns=c"], { columns: ["a", "b", "c"] }],
  [['columns=["a,b"]'], { columns: ["a,b"] }],
  [['sources={"o":{"uri":"x"}}'], { sources: { o: { uri: "x" } } }],
  [["anything=1"], { anything: 1 }],
  [["anything=abc"], { anything: "abc" }],
])("%j", async (words, args) => {
  expect(await read(words)).toEqual(args);
});

test("JSON comes from standard input and files too", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "sluice-call-"));
  await writeFile(join(cwd, "in.json"), '\ufeff{"a":1}');
  expect(await read(["-"], undefined, '{"b":2}')).toEqual({ b: 2 });
  expect(await read([], "in.json", "", cwd)).toEqual({ a: 1 });
  expect(await read([], "-", '{"c":3}')).toEqual({ c: 3 });
  await rm(cwd, { recursive: true });
});

test.each([
  [["limt=5"], undefined, 'did you mean "limit"?'],
  [["__proto__=5"], undefined, 'no argument "__proto__"'],
  [["limit=five"], undefined, 'limit: "five" is not integer'],
  [["uri=a", "uri=b"], undefined, '"uri" is given twice'],
  [["hello"], undefined, "neither JSON nor key=value"],
  [["{a:1}"], undefined, "not JSON"],
  [["[1]"], undefined, "must be a JSON object"],
  [["-"], undefined, "standard input: not JSON"],
  [["uri=a"], "f.json", "Give the arguments once"],
  [[], "missing.json", "ENOENT"],
])("%j with file %j is refused", async (words, file, says) => {
  await expect(read(words, file)).rejects.toThrow(says);
});
