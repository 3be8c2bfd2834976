import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readArguments } from "../../src/commands/call/read-arguments.ts";
import { call } from "../../src/commands/call.ts";
import { contractOf } from "../../src/core/contract.ts";
import { type Demo, startDemo } from "../../src/demo/start-demo.ts";
import { lakeToolset } from "../../src/toolsets/lake/index.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let cacheDir: string;
let demo: Demo;
let lake: TestLake;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "sluice-examples-"));
  demo = await startDemo({ cacheDir, log: () => {} });
  const { region, s3Endpoint: endpoint, credentials } = demo;
  lake = await startTestLake({
    settings: {
      buckets: demo.buckets.map((bucket) => ({ bucket, prefix: "" })),
      s3: { region, endpoint, forcePathStyle: true, credentials },
    },
  });
}, 120_000);
afterAll(async () => {
  await lake?.stop();
  await demo?.close();
  await rm(cacheDir, { recursive: true, force: true });
});

const examplesOf = (isRead: boolean) =>
  lakeToolset.tools
    .filter(({ effect }) => (effect === "read") === isRead)
    .flatMap(({ name, examples }) => examples.map(({ title, input }) => ({ name, title, input })));

test.each(examplesOf(true))("the example of $name, $title, answers on the sample lake", async (example) => {
  expect(await lake.output(example.name, example.input)).toBeDefined();
});

test.each(examplesOf(false))(
  "the example of $name, $title, is refused: nothing writes there",
  async (example) => {
    expect(await lake.fault(example.name, example.input)).toMatchObject({ code: "denied" });
  },
);

test.each(call.examples.map(([line]) => line))("%s of the help answers there too", async (line) => {
  const [, , name = "", ...given] = line.match(/'[^']*'|\S+/g) ?? [];
  const end = given.findIndex((word) => word.startsWith("--"));
  const words = given.slice(0, end < 0 ? undefined : end).map((word) => word.replace(/^'|'$/g, ""));
  const tool = lakeToolset.tools.find((one) => one.name === name);
  if (!tool) throw new Error(`There is no tool ${name}.`);
  const schema = contractOf(tool).inputSchema as never;
  const terminal = { inputIsTerminal: true } as never;
  const args =
    words.length === 0 ? {} : await readArguments({ words, file: undefined }, async () => schema, terminal);
  expect(await lake.output(name, args)).toBeDefined();
});
