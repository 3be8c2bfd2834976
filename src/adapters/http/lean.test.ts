import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testCalls } from "../../../test/harness/calls.ts";
import { modernRequest } from "../../../test/harness/rpc.ts";
import { localPrincipal } from "../../core/principal.ts";
import { createMcpFront } from "../../mcp/front.ts";
import { createHttpAdapter } from "./adapter.ts";

const calls = testCalls();
const front = createMcpFront({
  calls,
  serverInfo: { name: "sluice-test", version: "0" },
  maxBodyBytes: 2_000,
  async authenticate({ headers }) {
    const who = headers.get("authorization");
    if (who === "Bearer nobody") return Response.json({ error: "forbidden" }, { status: 403 });
    if (who === "Bearer broken") throw new Error("The key of the issuer is unreadable.");
    return localPrincipal;
  },
});
const faults: unknown[] = [];
const adapter = createHttpAdapter({ front, calls, onError: (error) => faults.push(error) });
let port = 0;
beforeAll(async () => {
  port = (await adapter.listen()).port;
});
afterAll(() => adapter.close());

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Answer {
  status: number | undefined;
  headers: Record<string, unknown>;
  body: string;
}

/** Of the connection, or by their nature different each time. */
const incomparable = [
  "connection",
  "keep-alive",
  "date",
  "content-length",
  "transfer-encoding",
  "mcp-session-id",
];

function comparable(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !incomparable.includes(name)));
}

/** Ids made for one answer differ between two. */
const withoutIds = (body: string) => body.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>");

function overSocket({ method = "POST", headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request({ port, host: "127.0.0.1", path: "/mcp", method, headers }, async (incoming) => {
      const { statusCode: status } = incoming;
      resolve({ status, headers: comparable(incoming.headers), body: withoutIds(await text(incoming)) });
    });
    sending.on("error", reject);
    sending.end(body);
  });
}

async function withoutSocket({ method = "POST", headers = {}, body }: Sent): Promise<Answer> {
  const sent = new Request("http://localhost/mcp", { method, headers, ...(body !== undefined && { body }) });
  const response = await adapter.fetch(sent);
  const { status } = response;
  const answered = Object.fromEntries(response.headers);
  return { status, headers: comparable(answered), body: withoutIds(await response.text()) };
}

const list = modernRequest("tools/list");
const json = {
  host: "localhost",
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  ...list.headers,
};
const body = JSON.stringify(list.body);
const page = { ...json, origin: "http://localhost:3000" };
const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "tests", version: "1" },
  },
});

const table: [string, Sent, number][] = [
  ["a request", { headers: json, body }, 200],
  ["a page's request", { headers: page, body }, 200],
  [
    "a legacy client's first request",
    { headers: { ...page, "mcp-protocol-version": "" }, body: initialize },
    200,
  ],
  ["a foreign host", { headers: { ...json, host: "evil.example" }, body }, 403],
  ["a foreign page", { headers: { ...json, origin: "https://evil.example" }, body }, 403],
  ["a caller turned away", { headers: { ...json, authorization: "Bearer nobody" }, body }, 403],
  ["a page's caller turned away", { headers: { ...page, authorization: "Bearer nobody" }, body }, 403],
  ["a fault inside", { headers: { ...page, authorization: "Bearer broken" }, body }, 500],
  ["a body that is no JSON", { headers: page, body: "{" }, 400],
  ["a body that is no message", { headers: page, body: "[]" }, 400],
  ["a body of another type", { headers: { ...page, "content-type": "text/plain" }, body }, 415],
  ["a body over the bound", { headers: page, body: " ".repeat(3_000) }, 413],
  [
    "a session asked of the stateless revision",
    { method: "DELETE", headers: { ...page, "mcp-session-id": "x" } },
    400,
  ],
  ["a stateless GET", { method: "GET", headers: page }, 405],
  ["a method there is none of", { method: "PUT", headers: page, body }, 405],
];

test.each(table)("%s is answered alike with a socket and without", async (_what, sent, status) => {
  const answer = await overSocket(sent);
  expect(answer).toEqual(await withoutSocket(sent));
  expect(answer.status).toBe(status);
});

test("a page may read why its caller was turned away, and a foreign one may not", async () => {
  const turnedAway = await overSocket({ headers: { ...page, authorization: "Bearer nobody" }, body });
  expect(turnedAway.headers["access-control-allow-origin"]).toBe(page.origin);
  const foreign = await overSocket({ headers: { ...json, origin: "https://evil.example" }, body });
  expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
});

test("a fault inside is told to whoever keeps the log, and not to the caller", async () => {
  faults.length = 0;
  const sent = { headers: { ...json, authorization: "Bearer broken" }, body };
  const answers = [await overSocket(sent), await withoutSocket(sent)];
  expect(faults).toEqual(answers.map(() => new Error("The key of the issuer is unreadable.")));
  for (const answer of answers) {
    expect(answer.body).toContain("Its log has the reason.");
    expect(answer.body).not.toContain("issuer");
  }
});

test("a client that leaves in the middle of its request is no fault", async () => {
  faults.length = 0;
  const sending = request({ port, host: "127.0.0.1", path: "/mcp", method: "POST", headers: json });
  sending.on("error", () => {});
  sending.write("{");
  await expect.poll(() => sending.socket?.bytesWritten ?? 0).toBeGreaterThan(0);
  sending.destroy();
  await overSocket({ headers: json, body });
  expect(faults).toEqual([]);
});
