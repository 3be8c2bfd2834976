import { z } from "zod";
import type { LambdaContext, LambdaHandler } from "../../src/adapters/lambda/handler.ts";
import type { GatewayResult } from "../../src/adapters/lambda/result.ts";
import { assemble, type Deps } from "../../src/assemble.ts";
import { openLambdaHandler } from "../../src/commands/frame/serve-lambda.ts";
import { defineTool } from "../../src/core/tool.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { testCalls } from "./calls.ts";
import { echoToolset } from "./echo-toolset.ts";
import { whoami } from "./guarded-server.ts";
import { loadSettings } from "./load-settings.ts";

/** What AWS says of a caller, under the names of format 1.0. */
export interface TestIdentity {
  userArn: string | null;
  accountId?: string | null;
  principalOrgId?: string | null;
  cognitoIdentityId?: string | null;
}

export interface LambdaFunction {
  handler: LambdaHandler;
  deps: Deps;
  logged: string[];
  /** Audit records that reached the sink `stdout`. */
  recorded: string[];
  close(): Promise<void>;
}

const bigText = defineTool({
  name: "echo_big_text",
  title: "Big text",
  description: "Gives as much text as asked for.",
  effect: "read",
  iam: [],
  input: z.strictObject({ of: z.string(), times: z.int() }),
  output: z.object({ text: z.string() }),
  examples: [],
  handle: async ({ of, times }) => ({ text: of.repeat(times) }),
});

/** Does not stop when it is told to. */
const hang = defineTool({
  name: "echo_hang",
  title: "Hang",
  description: "Keeps the answer from being written.",
  effect: "read",
  iam: [],
  input: z.strictObject({}),
  output: z.object({}),
  examples: [],
  handle: () => new Promise<never>(() => {}),
});

/** A function with the test tools, or those of its settings, and identity as the settings have it. */
export async function startLambda(
  settings: Record<string, unknown>,
  { ownTools = false }: { ownTools?: boolean } = {},
): Promise<LambdaFunction> {
  const flags = Object.entries(settings).map(
    ([path, value]) => `--${path}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const loaded = await loadSettings(...flags);
  const [logged, recorded]: [string[], string[]] = [[], []];
  const log = createLog({ level: "info", write: (line) => logged.push(line) });
  const built = assemble({
    settings: loaded.settings,
    log,
    audit: { isServer: true, out: (line) => recorded.push(line) },
  });
  const toolset = { ...echoToolset, tools: [...echoToolset.tools, whoami, bigText, hang] };
  const { registry } = testCalls([toolset]);
  const bounds = { maxBytes: 50e6, maxRows: 1000 };
  const deps = ownTools ? built : { ...built, calls: { ...built.calls, registry, bounds } };
  return { handler: await openLambdaHandler(deps), deps, logged, recorded, close: () => built.close() };
}

/** Of a function that has this long. */
export function timeLeft(ms = 29_000): LambdaContext {
  const endsMs = Date.now() + ms;
  return { getRemainingTimeInMillis: () => endsMs - Date.now() };
}

/** An event of a REST API's proxy integration. */
export function restEvent(request: TestRequest, identity: TestIdentity | null = null) {
  const { method = "POST", path = "/mcp", headers = {}, body } = request;
  return {
    resource: "/{proxy+}",
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      resourcePath: "/{proxy+}",
      httpMethod: method,
      path: `/prod${path}`,
      accountId: "123456789012",
      protocol: "HTTP/1.1",
      stage: "prod",
      domainName: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
      requestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
      identity: identity && {
        ...{ cognitoIdentityPoolId: null, cognitoIdentityId: null, principalOrgId: null },
        ...{
          apiKey: null,
          accountId: null,
          accessKey: null,
          sourceIp: "203.0.113.7",
          user: null,
          caller: null,
        },
        ...identity,
      },
      apiId: "a1b2c3d4e5",
    },
    body: body ?? null,
    isBase64Encoded: false,
  };
}

/** An event of an HTTP API, or of a function URL. */
export function httpApiEvent(request: TestRequest, iam: TestIdentity | null = null, stage = "$default") {
  const { method = "POST", path = "/mcp", headers = {}, body } = request;
  const { cognitoIdentityId = null, ...rest } = iam ?? {};
  const rawPath = stage === "$default" ? path : `/${stage}${path}`;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: "",
    headers,
    requestContext: {
      accountId: "123456789012",
      apiId: "a1b2c3d4e5",
      ...(iam && {
        authorizer: {
          iam: {
            ...{ accessKey: "ASIAEXAMPLE", callerId: "AROAEXAMPLE:ada", userId: "AROAEXAMPLE:ada" },
            ...{ principalOrgId: null, ...rest },
            cognitoIdentity: cognitoIdentityId && { amr: [], identityId: cognitoIdentityId },
          },
        },
      }),
      domainName: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "tests" },
      requestId: "JKJaXmPLvHcESHA=",
      stage,
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}

export interface TestRequest {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** As the gateway makes an HTTP response of a result. */
export function toResponse(result: GatewayResult): Response {
  const { statusCode, headers = {}, multiValueHeaders = {}, body, isBase64Encoded } = result;
  const lists = Object.entries(multiValueHeaders).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return new Response(Buffer.from(body, isBase64Encoded ? "base64" : "utf8"), {
    status: statusCode,
    headers: [...Object.entries(headers), ...lists],
  });
}
