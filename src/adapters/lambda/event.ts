import { z } from "zod";
import type { IamCaller } from "../../auth/mode.ts";

/** A request as a gateway hands it over. */
export interface GatewayRequest {
  /** Of the event, and so of the answer. */
  format: "1.0" | "2.0";
  method: string;
  /** Begins with a slash; without the stage. */
  path: string;
  query: URLSearchParams;
  /** Several of one name, one after the other. */
  headers: readonly (readonly [string, string])[];
  body: Uint8Array<ArrayBuffer> | undefined;
  /** The name the gateway was called by, as it says itself. */
  host: string;
  /** Of a request whose signature the gateway has checked. */
  caller: IamCaller | undefined;
}

const text = z.string().nullish();
const texts = z.record(z.string(), z.string().nullish()).nullish();
const lists = z.record(z.string(), z.array(z.string()).nullish()).nullish();
const body = { body: text, isBase64Encoded: z.boolean().nullish() };
const place = { domainName: text, stage: text };

/** Source: API Gateway, "Lambda proxy integrations", input format. */
const version1 = z.object({
  ...{ ...body, httpMethod: z.string().min(1), path: z.string().startsWith("/") },
  ...{ headers: texts, multiValueHeaders: lists },
  ...{ queryStringParameters: texts, multiValueQueryStringParameters: lists },
  requestContext: z.object({
    ...place,
    identity: z
      .object({ userArn: text, accountId: text, principalOrgId: text, cognitoIdentityId: text })
      .nullish(),
  }),
});

/** Source: API Gateway, "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0; Lambda, "Function URLs". */
const version2 = z.object({
  ...{ ...body, rawPath: z.string().startsWith("/"), rawQueryString: text },
  ...{ headers: texts, cookies: z.array(z.string()).nullish() },
  requestContext: z.object({
    ...{ ...place, http: z.object({ method: z.string().min(1) }) },
    authorizer: z
      .object({
        iam: z
          .object({
            ...{ userArn: text, accountId: text, principalOrgId: text },
            // Function URLs write 0 where there is none.
            cognitoIdentity: z.union([z.object({ identityId: text }), z.number()]).nullish(),
          })
          .nullish(),
      })
      .nullish(),
  }),
});

/**
 * Takes an event apart. Who calls is read from its request context alone, which the gateway writes; nothing of a header
 * or a body gets there. Throws `TypeError` for an event that is none of API Gateway's or of a function URL.
 */
export function readEvent(event: unknown): GatewayRequest {
  const isVersion2 = z.object({ version: z.literal("2.0") }).safeParse(event).success;
  const isBalancer = z.object({ requestContext: z.object({ elb: z.unknown() }) }).safeParse(event).success;
  const parsed = isVersion2 ? version2.safeParse(event) : version1.safeParse(event);
  if (parsed.success && !isBalancer)
    return "rawPath" in parsed.data ? read2(parsed.data) : read1(parsed.data);
  const missing = parsed.error?.issues[0]?.path.join(".");
  throw new TypeError(
    `This is no event of an API Gateway REST API (proxy integration), HTTP API or function URL${missing ? `: ${missing} is missing or unfit` : ""}.`,
  );
}

function read1(event: z.output<typeof version1>): GatewayRequest {
  const { requestContext, multiValueHeaders, multiValueQueryStringParameters } = event;
  const { userArn, cognitoIdentityId, ...identity } = requestContext.identity ?? {};
  return {
    format: "1.0",
    method: event.httpMethod,
    path: event.path,
    query: new URLSearchParams(pairsOf(multiValueQueryStringParameters ?? event.queryStringParameters)),
    headers: pairsOf(multiValueHeaders ?? event.headers),
    body: bodyOf(event),
    host: requestContext.domainName ?? "localhost",
    caller: userArn ? { ...identity, userArn, cognitoIdentityId } : undefined,
  };
}

function read2(event: z.output<typeof version2>): GatewayRequest {
  const { requestContext, rawPath, rawQueryString, cookies } = event;
  const { userArn, cognitoIdentity, ...iam } = requestContext.authorizer?.iam ?? {};
  const cognitoIdentityId = typeof cognitoIdentity === "object" ? cognitoIdentity?.identityId : undefined;
  return {
    format: "2.0",
    method: requestContext.http.method,
    path: withoutStage(rawPath, requestContext.stage),
    query: new URLSearchParams(rawQueryString ?? ""),
    headers: [
      ...pairsOf(event.headers),
      ...(cookies?.length ? [["cookie", cookies.join("; ")] as const] : []),
    ],
    body: bodyOf(event),
    host: requestContext.domainName ?? "localhost",
    caller: userArn ? { ...iam, userArn, cognitoIdentityId } : undefined,
  };
}

/** HTTP APIs write a stage that has a name before the path. */
function withoutStage(path: string, stage: string | null | undefined): string {
  if (!stage || stage === "$default" || !`${path}/`.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1) || "/";
}

function pairsOf(
  given: Record<string, string | string[] | null | undefined> | null | undefined,
): [string, string][] {
  return Object.entries(given ?? {}).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
}

function bodyOf({ body, isBase64Encoded }: Pick<z.output<typeof version1>, "body" | "isBase64Encoded">) {
  if (body === null || body === undefined) return undefined;
  return new Uint8Array(Buffer.from(body, isBase64Encoded ? "base64" : "utf8"));
}
