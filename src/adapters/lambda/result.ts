import type { GatewayRequest } from "./event.ts";

/** What a gateway makes an HTTP response of. Source: API Gateway, "Lambda proxy integrations", output formats. */
export interface GatewayResult {
  statusCode: number;
  /** Format 2.0. */
  headers?: Record<string, string>;
  /** Format 2.0. */
  cookies?: string[];
  /** Format 1.0. */
  multiValueHeaders?: Record<string, string[]>;
  body: string;
  isBase64Encoded: boolean;
}

/** What a function may answer, as JSON. Source: Lambda quotas, "Invocation payload", synchronous. */
export const maxResultBytes = 6 * 1024 * 1024;

/** Reads the whole response. */
export async function toGatewayResult(
  response: Response,
  format: GatewayRequest["format"],
): Promise<GatewayResult> {
  const { status, headers } = response;
  const isBase64Encoded = !isText(headers);
  const body = isBase64Encoded
    ? Buffer.from(await response.arrayBuffer()).toString("base64")
    : await response.text();
  const named = [...headers].filter(([name]) => name !== "set-cookie");
  const cookies = headers.getSetCookie();
  const rest = { statusCode: status, body, isBase64Encoded };
  if (format === "2.0")
    return { ...rest, headers: Object.fromEntries(named), ...(cookies[0] && { cookies }) };
  const lists = named.map(([name, value]): [string, string[]] => [name, [value]]);
  return {
    ...rest,
    multiValueHeaders: { ...Object.fromEntries(lists), ...(cookies[0] && { "set-cookie": cookies }) },
  };
}

/** Bytes of a result as the function's answer. */
export function sizeBytesOf(result: GatewayResult): number {
  return Buffer.byteLength(JSON.stringify(result));
}

/** Gateways take a body as text, or as base64 where it may be anything. */
function isText(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "text/plain";
  return !headers.has("content-encoding") && /^text\/|[/+]json\b|[/+]xml\b/.test(type);
}
