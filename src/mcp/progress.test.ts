import { expect, test } from "vitest";
import { type EchoFront, echoFront } from "../../test/harness/echo-front.ts";
import { modernRequest, openSession, postMcp, type RpcMessage } from "../../test/harness/rpc.ts";
import { createProgressSender } from "./progress.ts";

type Context = Parameters<typeof createProgressSender>[0];

/** The side of a request that notifies, with what it was told. */
function notified(progressToken?: string) {
  const sent: unknown[] = [];
  const notify = async ({ params }: { params: { progress: number } }) => void sent.push(params.progress);
  const _meta = progressToken === undefined ? {} : { progressToken };
  return { sent, context: { mcpReq: { _meta, notify } } as unknown as Context };
}

test("what comes too fast is held back, and the newest of it goes out with the next that may", () => {
  const { sent, context } = notified("p");
  let nowMs = 0;
  const sender = createProgressSender(context, () => nowMs);
  for (const [atMs, done] of [
    [0, 1],
    [50, 2],
    [99, 3],
    [100, 4],
    [150, 5],
  ] as const) {
    nowMs = atMs;
    sender?.report({ done });
  }
  expect(sent).toEqual([1, 4]);
});

test("what was held back goes out before the result, and values that do not rise never do", async () => {
  const { sent, context } = notified("p");
  const sender = createProgressSender(context, () => 0);
  for (const done of [1, 1, 0, 7, 9, 8]) sender?.report({ done });
  await sender?.flush();
  await sender?.flush();
  expect(sent).toEqual([1, 9]);
});

test("a caller without a token is sent nothing", () => {
  expect(createProgressSender(notified().context, () => 0)).toBeUndefined();
});

const slowly = {
  name: "echo_slowly",
  arguments: { steps: 40, stepMs: 2 },
  _meta: { progressToken: "p" },
};

async function askModern(server: EchoFront): Promise<RpcMessage[]> {
  const { body, headers } = modernRequest("tools/call", slowly);
  return (await postMcp(server, body, headers)).messages;
}

async function askLegacy(server: EchoFront): Promise<RpcMessage[]> {
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: slowly };
  return (await postMcp(server, body, await openSession(server))).messages;
}

test.each([
  ["modern", askModern],
  ["legacy", askLegacy],
])("on the wire of a %s client the last step comes before the response", async (_era, ask) => {
  const server = echoFront();
  try {
    const messages = await ask(server);
    expect(messages.at(-1)).toMatchObject({ id: 1, result: { structuredContent: { steps: 40 } } });
    const steps = messages.slice(0, -1).map(({ params }) => params?.progress);
    expect(steps.at(-1)).toBe(40);
    expect(steps.length).toBeLessThan(40);
  } finally {
    await server.close();
  }
});
