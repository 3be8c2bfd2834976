import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GatewayResult } from "../../src/adapters/lambda/result.ts";
import {
  httpApiEvent,
  type LambdaFunction,
  restEvent,
  startLambda,
  type TestIdentity,
  type TestRequest,
  timeLeft,
  toResponse,
} from "../harness/lambda-function.ts";
import { settingsProblems } from "../harness/load-settings.ts";
import { modernRequest, readAnswer } from "../harness/rpc.ts";

const account = "123456789012";
const session = (role: string, name: string) => `arn:aws:sts::${account}:assumed-role/${role}/${name}`;
const clients = [
  { arn: `arn:aws:iam::${account}:role/team/analyst`, tenant: "acme", roles: ["analyst"] },
  { arn: session("analyst", "chief"), tenant: "acme", roles: ["admin"] },
  { arn: `arn:aws:iam::${account}:user/ada`, tenant: "acme" },
  { arn: "arn:aws:iam::210987654321:root", tenant: "guests" },
];

let lambda: LambdaFunction;
beforeAll(async () => {
  lambda = await startLambda({ "auth.modes": ["iam"], "auth.iam.clients": clients });
});
afterAll(() => lambda.close());

function whoamiRequest(): TestRequest {
  const { body, headers } = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
  const accept = "application/json, text/event-stream";
  return { headers: { "Content-Type": "application/json", accept, ...headers }, body: JSON.stringify(body) };
}

async function answerTo(event: unknown, handler = lambda.handler) {
  const answer = await readAnswer(toResponse((await handler(event, timeLeft())) as GatewayResult));
  return { ...answer, who: answer.messages.at(-1)?.result?.structuredContent };
}

const formats = [
  { name: "REST API", eventOf: restEvent },
  { name: "HTTP API", eventOf: httpApiEvent },
];

describe.each(formats)("callers of a $name", ({ eventOf }) => {
  const ask = (identity: TestIdentity | null, request = whoamiRequest()) =>
    answerTo(eventOf(request, identity));

  test.each([
    [session("analyst", "i-0ab1"), "acme", ["analyst"]],
    [session("analyst", "chief"), "acme", ["admin"]],
    [`arn:aws:iam::${account}:user/ada`, "acme", []],
    ["arn:aws:sts::210987654321:assumed-role/any/one", "guests", []],
    ["arn:aws:sts::210987654321:federated-user/eve", "guests", []],
  ])("%s is of %s", async (userArn, tenantId, roles) => {
    const { who } = await ask({ userArn });
    expect(who).toEqual({ id: `iam:${userArn}`, tenantId, roles, via: "iam" });
  });

  test("those of a Cognito identity pool, whose sessions have one name, are told apart", async () => {
    const cognitoIdentityId = "eu-west-1:db9476fd-de77-4977-839f-4f943ff5d68c";
    const userArn = session("analyst", "CognitoIdentityCredentials");
    expect((await ask({ userArn, cognitoIdentityId })).who).toMatchObject({
      id: `iam:${userArn}#${cognitoIdentityId}`,
    });
  });

  test.each([
    ["no identity", null],
    ["an identity of nulls", { userArn: null, accountId: null }],
    ["an empty ARN", { userArn: "" }],
    ["the word null", { userArn: "null" }],
    ["another user", { userArn: `arn:aws:iam::${account}:user/ada2` }],
    ["a user of another path", { userArn: `arn:aws:iam::${account}:user/x/ada` }],
    ["a role's own ARN, which calls nothing", { userArn: `arn:aws:iam::${account}:role/analyst` }],
    ["a role that only begins so", { userArn: session("analyst2", "chief") }],
    ["the role's name as a session", { userArn: session("other", "analyst") }],
    ["a session with a slash", { userArn: session("analyst", "a/b") }],
    ["another account", { userArn: "arn:aws:sts::999999999999:assumed-role/analyst/chief" }],
    ["another partition", { userArn: session("analyst", "x").replace("aws", "aws-cn") }],
    ["an account that disagrees", { userArn: session("analyst", "x"), accountId: "210987654321" }],
    ["a line break", { userArn: `${session("analyst", "x")}\n` }],
    ["no Cognito identity's id", { userArn: session("analyst", "x"), cognitoIdentityId: "x y" }],
  ])("%s is refused", async (_, identity) => {
    const { status, who } = await ask(identity);
    expect({ status, who }).toEqual({ status: 401, who: undefined });
  });

  test("headers and bodies that name an identity name nobody", async () => {
    const { headers = {}, body = "" } = whoamiRequest();
    const userArn = session("analyst", "chief");
    const forged = {
      ...headers,
      "x-amzn-iam-user-arn": userArn,
      "x-amz-user-arn": userArn,
      "x-amzn-request-context": JSON.stringify({ identity: { userArn } }),
      "x-amzn-lambda-context": JSON.stringify({ identity: { userArn } }),
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261126/eu-west-1/execute-api/aws4_request`,
    };
    const requestContext = { identity: { userArn }, authorizer: { iam: { userArn } } };
    const bodies = [body, JSON.stringify({ ...JSON.parse(body), requestContext, identity: { userArn } })];
    for (const each of bodies) {
      expect((await ask(null, { headers: forged, body: each })).status).toBe(401);
      expect((await ask({ userArn: null }, { headers: forged, body: each })).status).toBe(401);
    }
    const { who } = await ask({ userArn: `arn:aws:iam::${account}:user/ada` }, { headers: forged, body });
    expect(who).toMatchObject({ id: `iam:arn:aws:iam::${account}:user/ada` });
  });
});

test("an identity stands only where its own format has it", async () => {
  const userArn = session("analyst", "chief");
  const rest = restEvent(whoamiRequest());
  const http = httpApiEvent(whoamiRequest());
  const events = [
    { ...rest, requestContext: { ...rest.requestContext, authorizer: { iam: { userArn } } } },
    { ...rest, requestContext: { ...rest.requestContext, authorizer: { userArn, claims: { userArn } } } },
    { ...rest, identity: { userArn }, userArn },
    { ...http, requestContext: { ...http.requestContext, identity: { userArn } } },
    { ...http, requestContext: { ...http.requestContext, authorizer: { jwt: { claims: { userArn } } } } },
    { ...http, requestContext: { ...http.requestContext, authorizer: { lambda: { iam: { userArn } } } } },
    { ...http, requestContext: { ...http.requestContext, authorizer: { iam: null } } },
  ];
  for (const event of events) expect((await answerTo(event)).status).toBe(401);
});

test("an organization can be asked for", async () => {
  const own = await startLambda({
    "auth.modes": ["iam"],
    "auth.iam.clients": clients,
    "auth.iam.organizations": ["o-a1b2c3d4e5"],
  });
  const ask = (principalOrgId: string | null) =>
    answerTo(restEvent(whoamiRequest(), { userArn: session("analyst", "x"), principalOrgId }), own.handler);
  expect((await ask("o-a1b2c3d4e5")).status).toBe(200);
  expect((await ask("o-zzzzzzzzzz")).status).toBe(401);
  expect((await ask(null)).status).toBe(401);
  await own.close();
});

describe("limits", () => {
  const limitsAfter = async (countBy: string, names: string[]) => {
    const own = await startLambda({
      ...{ "auth.modes": ["iam"], "auth.iam.clients": clients, "auth.iam.countBy": countBy },
      ...{ "limits.ratePerSecond": 0.001, "limits.burst": 2 },
    });
    const isError: unknown[] = [];
    for (const name of names) {
      const event = restEvent(whoamiRequest(), { userArn: session("analyst", name) });
      isError.push((await answerTo(event, own.handler)).messages.at(-1)?.result?.isError ?? false);
    }
    await own.close();
    return isError;
  };

  test("count a role, however its sessions call themselves", async () => {
    expect(await limitsAfter("role", ["a1", "a2", "a3"])).toEqual([false, false, true]);
  });

  test("count each session where that is wanted", async () => {
    expect(await limitsAfter("session", ["a1", "a2", "a3", "a1", "a1"])).toEqual([
      ...[false, false, false, false, true],
    ]);
  });
});

test("a function that asks nobody, or asks for certificates, does not start", async () => {
  await expect(startLambda({})).rejects.toThrow("auth.modes asks nobody who they are");
  expect(await settingsProblems("--auth.modes=iam")).toEqual([
    expect.stringContaining("auth.iam.clients: is empty"),
  ]);
});

test("other modes work too, and evidence of two is refused", async () => {
  const key = "a-key-of-some-length-4711";
  const own = await startLambda({
    "auth.modes": ["iam", "api_key"],
    "auth.apiKey": key,
    "auth.iam.clients": clients,
  });
  const request = whoamiRequest();
  const withKey = { ...request, headers: { ...request.headers, "x-api-key": key } };
  expect((await answerTo(restEvent(withKey), own.handler)).who).toMatchObject({ id: "key:default" });
  const both = restEvent(withKey, { userArn: session("analyst", "x") });
  expect((await answerTo(both, own.handler)).status).toBe(401);
  await own.close();
});
