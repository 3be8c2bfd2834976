import { modernRequest, type RpcAnswer, readAnswer } from "./rpc.ts";

/** What came back of a tool call over HTTP. */
export interface CallAnswer extends RpcAnswer {
  output: Record<string, unknown> | undefined;
}

/** One request of 2026-07-28 over a socket. */
export async function requestOver(
  url: string,
  method: string,
  params: Record<string, unknown>,
  credentials: Record<string, string>,
): Promise<RpcAnswer> {
  const { body, headers } = modernRequest(method, params);
  return readAnswer(
    await fetch(`${url}/mcp`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
        ...credentials,
      },
      body: JSON.stringify(body),
    }),
  );
}

/** One tool call over a socket. */
export async function callOver(
  url: string,
  name: string,
  args: Record<string, unknown>,
  credentials: Record<string, string>,
): Promise<CallAnswer> {
  const answer = await requestOver(url, "tools/call", { name, arguments: args }, credentials);
  const output = answer.messages.at(-1)?.result?.structuredContent;
  return { ...answer, output: output as Record<string, unknown> | undefined };
}
