import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOver } from "../harness/call-over.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { answersOn, calledAs, statusesIn } from "../harness/raw-http.ts";
import { modernRequest } from "../harness/rpc.ts";

const [annsKey, bertsKey] = ["key-of-ann-0123456789abcdef", "key-of-bert-0123456789abcdef"];
let server: GuardedServer;
beforeAll(async () => {
  const key = (id: string, one: string) => ({
    id,
    tenant: "acme",
    keys: [`sha256:${createHash("sha256").update(one).digest("hex")}`],
  });
  server = await startGuardedServer({
    modes: ["api_key"],
    apiKeys: [key("ann", annsKey), key("bert", bertsKey)],
  });
});
afterAll(() => server.close());

const call = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
const body = JSON.stringify(call.body);
const usual = [
  "Host: localhost",
  "Content-Type: application/json",
  "Accept: application/json, text/event-stream",
  ...Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`),
];
const whole = `Content-Length: ${body.length}`;

function request(headers: readonly string[], sent = body, target = "/mcp"): string {
  return `POST ${target} HTTP/1.1\r\n${[...usual, ...headers].join("\r\n")}\r\n\r\n${sent}`;
}

const answersTo = (text: string) => answersOn(server.url, text);

async function stillServes(): Promise<void> {
  const { output } = await callOver(server.url, "echo_whoami", {}, { "x-api-key": annsKey });
  expect(output).toMatchObject({ id: "key:ann" });
}

test("what is sent as it should be is answered: the tests below change one thing each", async () => {
  const answered = await answersTo(request([`X-Api-Key: ${annsKey}`, whole]));
  expect({ statuses: statusesIn(answered), as: calledAs(answered) }).toEqual({
    statuses: [200],
    as: ["key:ann"],
  });
});

test.each([
  ["two keys of two callers", [`X-Api-Key: ${annsKey}`, `x-api-key: ${bertsKey}`]],
  ["a good key after a wrong one", ["X-Api-Key: wrong", `X-Api-Key: ${annsKey}`]],
  ["a good key before a wrong one", [`X-Api-Key: ${annsKey}`, "X-Api-Key: wrong"]],
  ["one key twice", [`X-Api-Key: ${annsKey}`, `X-Api-Key: ${annsKey}`]],
  ["two keys in one line", [`X-Api-Key: ${annsKey}, ${bertsKey}`]],
  ["a key in a header that looks alike", [`X_Api_Key: ${annsKey}`]],
  ["a key as a trailer's promise", ["Trailer: X-Api-Key"]],
])("%s let nobody in", async (_what, headers) => {
  const answered = await answersTo(request([...headers, whole]));
  expect(statusesIn(answered)).toEqual([401]);
  expect(calledAs(answered)).toEqual([]);
  await stillServes();
});

const inner = request([`X-Api-Key: ${bertsKey}`, whole]);
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

test.each<[string, string]>([
  [
    "both lengths, the chunks hiding a request",
    request(
      [`X-Api-Key: ${annsKey}`, "Transfer-Encoding: chunked", "Content-Length: 4"],
      `${chunked}${inner}`,
    ),
  ],
  [
    "both lengths, the length hiding a request",
    request(
      [`X-Api-Key: ${annsKey}`, `Content-Length: ${5 + inner.length}`, "Transfer-Encoding: chunked"],
      `0\r\n\r\n${inner}`,
    ),
  ],
  ["two lengths", request([`X-Api-Key: ${annsKey}`, whole, "Content-Length: 0"], `${body}${inner}`)],
  ["two lengths in one line", request([`X-Api-Key: ${annsKey}`, `${whole}, ${body.length}`], body)],
  ["a length with a sign", request([`X-Api-Key: ${annsKey}`, `Content-Length: +${body.length}`], body)],
  ["a length below nothing", request([`X-Api-Key: ${annsKey}`, "Content-Length: -1"], body)],
  [
    "chunked, but not at last",
    request([`X-Api-Key: ${annsKey}`, "Transfer-Encoding: chunked, identity"], chunked),
  ],
  ["chunks in a made-up coding", request([`X-Api-Key: ${annsKey}`, "Transfer-Encoding: xchunked"], chunked)],
  ["a blank before the colon", request([`X-Api-Key : ${annsKey}`, whole])],
  ["a header in two lines", request([`X-Api-Key: ${annsKey.slice(0, 9)}`, ` ${annsKey.slice(9)}`, whole])],
  ["a NUL in a header", request([`X-Api-Key: ${annsKey}\0`, whole])],
  ["a lone CR in a header", request([`X-Other: a\rX-Api-Key: ${annsKey}`, whole])],
  [
    "a size of a chunk that is none",
    request([`X-Api-Key: ${annsKey}`, "Transfer-Encoding: chunked"], `0x4\r\n${body}`),
  ],
  ["headers of 32 KB", request([`X-Api-Key: ${annsKey}`, `X-Long: ${"a".repeat(32_768)}`, whole])],
  ["a key of 32 KB", request([`X-Api-Key: ${"a".repeat(32_768)}`, whole])],
])("%s is refused as no HTTP, nothing of it runs, and the connection ends", async (_what, sent) => {
  const answered = await answersTo(sent);
  expect(statusesIn(answered)).toHaveLength(1);
  expect([400, 431]).toContain(statusesIn(answered)[0]);
  expect(answered.toLowerCase()).toContain("connection: close");
  expect(calledAs(answered)).toEqual([]);
  expect(answered).not.toContain(annsKey);
  await stillServes();
});

test("requests one behind the other on one connection are each of their own caller", async () => {
  const sent = [annsKey, bertsKey, "wrong", annsKey]
    .map((key) => request([`X-Api-Key: ${key}`, whole]))
    .join("");
  const answered = await answersTo(sent);
  expect(statusesIn(answered)).toEqual([200, 200, 401, 200]);
  expect(calledAs(answered)).toEqual(["key:ann", "key:bert", "key:ann"]);
});

test("a refused request's body is not taken for the next request", async () => {
  const answered = await answersTo(request(["X-Api-Key: wrong", `Content-Length: ${inner.length}`], inner));
  expect(calledAs(answered)).toEqual([]);
  expect(statusesIn(answered)).toEqual([401]);
});

test.each([
  "/mcp/",
  "//mcp",
  "/MCP",
  "/mcp%2f",
  "/./mcp",
  "/mcp;x=1",
  "/mcp%00",
  "/health/../mcp",
  "*",
  "http://evil.example/mcp",
])("%s is not another way in", async (target) => {
  const answered = await answersTo(request(["X-Api-Key: wrong", whole], body, target));
  expect(statusesIn(answered)[0]).toBeGreaterThanOrEqual(400);
  expect(calledAs(answered)).toEqual([]);
  await stillServes();
});

test.each(["Mcp-Method: tools/list", "Mcp-Name: echo_fault", "MCP-Protocol-Version: 2025-11-25"])(
  "%s beside the right one does not agree with the body",
  async (second) => {
    const answered = await answersTo(request([`X-Api-Key: ${annsKey}`, whole, second]));
    expect(statusesIn(answered)).toEqual([400]);
    expect(calledAs(answered)).toEqual([]);
  },
);

test("two thousand headers are not what keeps a server busy", async () => {
  const many = Array.from({ length: 3_000 }, (_, index) => `a${index}: b`);
  const before = process.cpuUsage();
  const answered = await answersTo(request([...many, "X-Api-Key: wrong", whole]));
  const { user } = process.cpuUsage(before);
  expect(statusesIn(answered)[0]).toBeGreaterThanOrEqual(400);
  expect(user / 1_000).toBeLessThan(2_000);
  await stillServes();
});
