import { modernRequest, postMcp, type RpcMessage } from "./rpc.ts";

type Front = Parameters<typeof postMcp>[0];

const withTasks = {
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

/** One request of a client that takes tasks, on a connection of its own, as the principal that `authorization` names. */
export async function askWithTasks(
  front: Front,
  method: string,
  params: Record<string, unknown>,
  as = "ada",
): Promise<RpcMessage> {
  const { body, headers } = modernRequest(method, { ...params, _meta: withTasks });
  const { messages } = await postMcp(front, body, { ...headers, authorization: as });
  const answer = messages.at(-1);
  if (!answer) throw new Error(`${method} was not answered.`);
  return answer;
}

/** The structured content of a call, whether it became a task or not. */
export async function outputWithTasks(
  front: Front,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { result } = await askWithTasks(front, "tools/call", params);
  if (result?.resultType !== "task") return { ...(result?.structuredContent as object) };
  for (;;) {
    const { result: found } = await askWithTasks(front, "tasks/get", { taskId: result.taskId });
    if (found?.status !== "working") {
      return { ...(found as { result: { structuredContent: object } }).result.structuredContent };
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
