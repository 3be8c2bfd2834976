import { afterAll, beforeAll, expect, test } from "vitest";
import type { GatewayResult } from "../../src/adapters/lambda/result.ts";
import {
  httpApiEvent,
  type LambdaFunction,
  restEvent,
  startLambda,
  timeLeft,
  toResponse,
} from "../harness/lambda-function.ts";
import { modernRequest, readAnswer } from "../harness/rpc.ts";
import { fuzzModern, seed } from "../harness/rpc-fuzz.ts";

const messages = 1_000;
const userArn = "arn:aws:iam::123456789012:user/ada";

let lambda: LambdaFunction;
beforeAll(async () => {
  const clients = [{ arn: userArn, tenant: "acme" }];
  const limits = { "limits.ratePerSecond": "unlimited", "limits.perDay": "unlimited" };
  lambda = await startLambda({ "auth.modes": ["iam"], "auth.iam.clients": clients, ...limits });
});
afterAll(() => lambda.close());

test.each([
  ["a REST API", restEvent, false],
  ["a REST API, in base64", restEvent, true],
  ["an HTTP API", httpApiEvent, false],
])(
  `${messages} mangled requests through %s are answered, each with what it is (seed ${seed})`,
  async (_name, eventOf, isBase64Encoded) => {
    const send = async (body: string, headers: Record<string, string>) => {
      const sent = isBase64Encoded ? Buffer.from(body).toString("base64") : body;
      const accept = "application/json, text/event-stream";
      const all = { "content-type": "application/json", accept, ...headers };
      const event = { ...eventOf({ headers: all, body: sent }, { userArn }), isBase64Encoded };
      const result = (await lambda.handler(event, timeLeft())) as GatewayResult;
      return readAnswer(toResponse(result));
    };
    await fuzzModern(send, { seed, messages });
    expect(lambda.logged.filter((line) => line.includes("http fault"))).toEqual([]);
    const { body, headers } = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
    const answer = await send(JSON.stringify(body), headers);
    expect(answer.messages.at(-1)?.result?.structuredContent).toMatchObject({ id: `iam:${userArn}` });
  },
  60_000,
);
