import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GatewayResult } from "../../src/adapters/lambda/result.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import {
  httpApiEvent,
  type LambdaFunction,
  restEvent,
  startLambda,
  timeLeft,
  toResponse,
} from "../harness/lambda-function.ts";
import { audience, type OidcServer, startOidcServer } from "../harness/oidc-server.ts";
import { answersOn, calledAs, statusesIn } from "../harness/raw-http.ts";
import { modernRequest, readAnswer } from "../harness/rpc.ts";

let oidc: OidcServer;
let server: GuardedServer;
let lambda: LambdaFunction;
let [adas, berts] = ["", ""];
beforeAll(async () => {
  oidc = await startOidcServer();
  server = await startGuardedServer({ modes: ["jwt"], resource: audience, jwt: { issuer: oidc.issuer } });
  lambda = await startLambda({
    "auth.modes": ["jwt"],
    "auth.resource": audience,
    "auth.jwt.issuer": oidc.issuer,
  });
  adas = `Bearer ${await oidc.sign({})}`;
  berts = `Bearer ${await oidc.sign({ claims: { sub: "bert" } })}`;
});
afterAll(() => Promise.all([server.close(), lambda.close(), oidc.close()]));

const call = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
const body = JSON.stringify(call.body);
const usual = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  ...call.headers,
};

/** Values of `Authorization`, one a line. */
const pairs: [string, () => string[]][] = [
  ["two tokens of two callers", () => [adas, berts]],
  ["a token twice", () => [adas, adas]],
  ["a good token before a wrong one", () => [adas, "Bearer a.b.c"]],
  ["a good token after a wrong one", () => ["Bearer a.b.c", adas]],
  ["a good token after another scheme", () => ["Basic YTpi", adas]],
  ["a good token after nothing", () => ["", adas]],
  ["two in one line", () => [`${adas}, ${berts}`]],
];

describe("on a connection", () => {
  const ask = (values: readonly string[]) => {
    const lines = [
      "Host: localhost",
      ...Object.entries(usual).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${body.length}`,
      ...values.map((value, at) => `${at === 0 ? "Authorization" : "authorization"}: ${value}`),
    ];
    return answersOn(server.url, `POST /mcp HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  };

  test("one token is answered", async () => {
    expect(calledAs(await ask([adas]))).toEqual(["jwt:ada"]);
    expect(calledAs(await ask([berts]))).toEqual(["jwt:bert"]);
  });

  test.each(pairs)("%s let nobody in", async (_what, values) => {
    const answered = await ask(values());
    expect({ statuses: statusesIn(answered), as: calledAs(answered) }).toEqual({ statuses: [401], as: [] });
  });
});

describe.each([
  ["a REST API", "1.0"],
  ["an HTTP API", "2.0"],
])("through %s", (_name, format) => {
  const ask = async (values: readonly string[]) => {
    // Format 2.0 joins what comes more than once. Source: API Gateway, "payload format version".
    const joined = { path: "/mcp", headers: { ...usual, authorization: values.join(",") }, body };
    const rest = restEvent(joined);
    const event =
      format === "2.0"
        ? httpApiEvent(joined)
        : { ...rest, multiValueHeaders: { ...rest.multiValueHeaders, authorization: values } };
    const answer = await readAnswer(toResponse((await lambda.handler(event, timeLeft())) as GatewayResult));
    return { status: answer.status, as: answer.messages.at(-1)?.result?.structuredContent };
  };

  test("one token is answered", async () => {
    expect(await ask([adas])).toMatchObject({ status: 200, as: { id: "jwt:ada" } });
  });

  test.each(pairs)("%s let nobody in", async (_what, values) => {
    expect(await ask(values())).toEqual({ status: 401, as: undefined });
  });
});

test.each<[string, object]>([
  ["a method that HTTP has not", { httpMethod: "PO ST\nx" }],
  ["a header's name that HTTP has not", { multiValueHeaders: { "x y": ["1"] } }],
  ["a header of two lines", { multiValueHeaders: { "x-a": ["1\r\nx-api-key: 2"] } }],
])("%s has one line in the log, and its answer nothing of it", async (_what, odd) => {
  const before = lambda.logged.length;
  const event = { ...restEvent({ path: `/mcp${"x".repeat(500)}`, headers: usual, body }), ...odd };
  const { statusCode, body: answered } = await lambda.handler(event, timeLeft());
  expect(statusCode).toBe(400);
  expect(answered).not.toContain("PO ST");
  const lines = lambda.logged.slice(before).join("").trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    event: "request refused",
    path: expect.stringMatching(/^\/mcpx{196}$/),
    reason: expect.stringContaining("not valid in HTTP"),
  });
});
