import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { startOtlpReceiver } from "../harness/otlp-receiver.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";

let user: CliHome;
beforeEach(async () => {
  user = await createCliHome();
});
afterEach(() => user.remove());

const header = "4bf92f3577b34da6a3ce929d0e0e4736";
const meta = "5bf92f3577b34da6a3ce929d0e0e4736";
const forged = 'evil"}\u2028{"event":"forged"}';
const traceparentOf = (traceId: string) => `00-${traceId}-00f067aa0ba902b7-01`;

test("a call's trace id is in its answer, its log line, its records and its span, and a malformed one is nowhere", async () => {
  const receiver = await startOtlpReceiver();
  const tracing = ["--telemetry.tracing", "otlp", "--telemetry.otlpEndpoint", receiver.endpoint];
  const server = user.start(["serve", "--port", "0", "--audit.journalDir", "journal", ...tracing]);
  const [, url = ""] = await server.waitFor(/serves MCP on (\S+)\/mcp/);
  const adapter = {
    fetch: (request: Request) => fetch(new Request(request.url.replace("http://localhost", url), request)),
  };
  const ids: unknown[] = [];
  const ask = async (given: { header?: string; meta?: unknown }) => {
    const args = { name: "lake_read_rows", arguments: { uri: "s3://no-bucket/a.csv" } };
    const { body, headers } = modernRequest("tools/call", { ...args, _meta: { traceparent: given.meta } });
    const traced = given.header === undefined ? {} : { traceparent: given.header };
    const { messages } = await postMcp(adapter, body, { ...headers, ...traced });
    const fault = messages.at(-1)?.result?.structuredContent;
    const id =
      fault && typeof fault === "object" && "correlationId" in fault ? fault.correlationId : undefined;
    ids.push(id);
    return id;
  };
  expect(await ask({ header: traceparentOf(header) })).toBe(header);
  expect(await ask({ header: traceparentOf(header), meta: traceparentOf(meta) })).toBe(meta);
  expect(await ask({ header: traceparentOf(header), meta: forged })).toBe(header);
  expect(await ask({ meta: forged })).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect(await ask({ meta: { traceparent: forged } })).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  const summary = await fetch(`${url}/summarize`, {
    method: "POST",
    body: JSON.stringify({ uri: "s3://no-bucket/a.txt" }),
    headers: { traceparent: traceparentOf(meta) },
  });
  expect(await summary.json()).toMatchObject({ correlationId: meta });
  ids.push(meta);
  server.child.kill("SIGTERM");
  const { stderr } = await server.ended;

  const lines = stderr.split("\n").filter((line) => line.includes('"event":"tool call"'));
  expect(lines.map((line) => JSON.parse(line).correlationId)).toEqual(ids);
  const dir = join(user.cwd, "journal");
  const [chain = ""] = await readdir(dir);
  const files = (await readdir(join(dir, chain))).filter((name) => name.endsWith(".ndjson"));
  const journal = (await Promise.all(files.map((name) => readFile(join(dir, chain, name), "utf8")))).join("");
  const records = journal
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const outcomes = records.filter(({ kind }) => kind === "outcome");
  expect(outcomes.map(({ correlationId }) => correlationId)).toEqual(ids);
  expect(stderr + journal).not.toMatch(/evil|forged/);

  await receiver.stop();
  const spans = receiver.spans();
  expect(spans.map(({ attributes }) => attributes["sluice.correlation_id"])).toEqual(ids);
  const parents = spans.map(({ traceId, parentSpanId }) => (parentSpanId ? traceId : undefined));
  expect(parents).toEqual([header, meta, header, undefined, undefined, meta]);
});
