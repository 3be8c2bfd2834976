import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { testCalls } from "../../../test/harness/calls.ts";
import { connectModern } from "../../../test/harness/clients.ts";
import { type EchoFront, echoFront } from "../../../test/harness/echo-front.ts";
import { modernRequest, postMcp, type RpcMessage } from "../../../test/harness/rpc.ts";
import { ToolError } from "../../core/errors.ts";
import { defineTool } from "../../core/tool.ts";
import type { McpFrontOptions } from "../front.ts";
import { MemoryTaskStore } from "./memory-store.ts";

const opened: EchoFront[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((front) => front.close()));
});

const times = { afterMs: 20, timeoutMs: 60_000, keepMs: 60_000 };

function frontWith(options: Partial<McpFrontOptions> = {}): EchoFront {
  const front = echoFront({ taskTimes: times, ...options });
  opened.push(front);
  return front;
}

const withTasks = {
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

/** One request of a client that takes tasks, each a connection of its own. */
async function ask(
  front: EchoFront,
  method: string,
  params: Record<string, unknown>,
  { as = "ada", takesTasks = true, signal }: { as?: string; takesTasks?: boolean; signal?: AbortSignal } = {},
): Promise<RpcMessage> {
  const { body, headers } = modernRequest(method, takesTasks ? { ...params, _meta: withTasks } : params);
  const { messages } = await postMcp(front, body, { ...headers, authorization: as }, signal);
  const answer = messages.at(-1);
  if (!answer) throw new Error(`${method} was not answered.`);
  return answer;
}

const slowly = (steps: number, stepMs = 20) => ({
  name: "echo_slowly",
  arguments: { steps, stepMs, text: "done" },
});

async function begin(front: EchoFront, call: Record<string, unknown>): Promise<string> {
  const { result } = await ask(front, "tools/call", call);
  expect(result).toMatchObject({ resultType: "task", status: "working" });
  return String(result?.taskId);
}

const state = async (front: EchoFront, taskId: string) => (await ask(front, "tasks/get", { taskId })).result;

describe("a call of a client that takes tasks", () => {
  test("is answered as any other where it is done in time", async () => {
    const { result } = await ask(
      frontWith({ taskTimes: { ...times, afterMs: 10_000 } }),
      "tools/call",
      slowly(1, 0),
    );
    expect(result).toMatchObject({ structuredContent: { steps: 1, text: "done" } });
    expect(result?.resultType ?? "complete").toBe("complete");
  });

  test("becomes a task where it takes longer, whose result another request gets", async () => {
    const front = frontWith();
    const { result } = await ask(front, "tools/call", slowly(10));
    expect(result).toMatchObject({
      resultType: "task",
      status: "working",
      ttlMs: 120_000,
      pollIntervalMs: expect.any(Number),
      createdAt: expect.stringMatching(/Z$/),
      lastUpdatedAt: expect.stringMatching(/Z$/),
    });
    const taskId = String(result?.taskId);
    await expect
      .poll(async () => (await state(front, taskId))?.statusMessage)
      .toMatch(/^step \d+: \d+ of 10$/);
    await expect.poll(async () => (await state(front, taskId))?.status).toBe("completed");
    expect(await state(front, taskId)).toMatchObject({
      resultType: "complete",
      taskId,
      result: {
        resultType: "complete",
        structuredContent: { steps: 10, text: "done" },
        content: [{ type: "text" }],
      },
    });
  });

  test("goes on as a task though its connection is gone", async () => {
    const front = frontWith();
    const gone = new AbortController();
    const { result } = await ask(front, "tools/call", slowly(10), { signal: gone.signal });
    gone.abort();
    await expect.poll(async () => (await state(front, String(result?.taskId)))?.status).toBe("completed");
    expect(front.faults()).toEqual([]);
  });

  test("stops when its client goes before it is a task", async () => {
    const front = frontWith({ taskTimes: { ...times, afterMs: 10_000 } });
    const gone = new AbortController();
    const asked = ask(front, "tools/call", slowly(1_000), { signal: gone.signal }).catch(() => {});
    await expect.poll(() => front.begun().length).toBe(1);
    gone.abort();
    await expect.poll(() => front.faults()).toEqual(["timeout"]);
    await asked;
  });

  test("is cancelled, which stops its work and stays so", async () => {
    const front = frontWith();
    const taskId = await begin(front, slowly(1_000));
    expect((await ask(front, "tasks/cancel", { taskId })).result).toBeDefined();
    await expect.poll(async () => (await state(front, taskId))?.status).toBe("cancelled");
    expect(front.faults()).toEqual(["timeout"]);
    await ask(front, "tasks/cancel", { taskId });
    expect(await state(front, taskId)).toMatchObject({ status: "cancelled" });
  });

  test("that was completed is not cancelled any more", async () => {
    const front = frontWith();
    const taskId = await begin(front, slowly(3));
    await expect.poll(async () => (await state(front, taskId))?.status).toBe("completed");
    await ask(front, "tasks/cancel", { taskId });
    expect(await state(front, taskId)).toMatchObject({ status: "completed" });
  });

  test("may take longer than calls may that are no tasks, and no longer than tasks may", async () => {
    const calls = { ...testCalls(), timeoutMs: 50 };
    const front = frontWith({ calls });
    const taskId = await begin(front, slowly(10));
    await expect.poll(async () => (await state(front, taskId))?.status).toBe("completed");
    const short = frontWith({ calls, taskTimes: { ...times, timeoutMs: 100 } });
    const late = await begin(short, slowly(1_000));
    await expect.poll(async () => (await state(short, late))?.status).toBe("completed");
    expect(await state(short, late)).toMatchObject({
      result: {
        isError: true,
        structuredContent: { code: "timeout", details: { timeoutMs: 100, setting: "tasks.timeoutMs" } },
      },
    });
  });

  test("that fails is a completed task with the fault, as it would have been answered", async () => {
    const failing = defineTool({
      name: "late_fail",
      title: "Fail late",
      description: "Fails after a while.",
      effect: "read",
      task: "optional",
      iam: [],
      input: z.strictObject({}),
      output: z.object({}),
      examples: [{ title: "Fail", input: {} }],
      async handle() {
        await new Promise((resolve) => setTimeout(resolve, 60));
        throw new ToolError("conflict", "No.");
      },
    });
    const calls = testCalls([{ name: "late", title: "Late", tools: [failing] }]);
    const front = frontWith({ calls });
    const taskId = await begin(front, { name: "late_fail" });
    await expect.poll(async () => (await state(front, taskId))?.status).toBe("completed");
    expect(await state(front, taskId)).toMatchObject({
      result: { isError: true, structuredContent: { code: "conflict", message: "No." } },
    });
  });
});

describe("nobody gets a task", () => {
  test("who did not say in that request that it takes them", async () => {
    const front = frontWith();
    const { result } = await ask(front, "tools/call", slowly(5), { takesTasks: false });
    expect(result).toMatchObject({ structuredContent: { text: "done" } });
  });

  test("of a tool whose calls cannot become one", async () => {
    const front = frontWith({ taskTimes: { ...times, afterMs: 0 } });
    const { result } = await ask(front, "tools/call", { name: "echo_text", arguments: { text: "a" } });
    expect(result).toMatchObject({ structuredContent: { text: "a" } });
  });

  test("while there is no room for one more: the caller waits", async () => {
    const taskStore = new MemoryTaskStore({ now: Date.now, maxTasksPerOwner: 1 });
    const front = frontWith({ taskStore });
    await begin(front, slowly(1_000));
    expect((await ask(front, "tools/call", slowly(5))).result).toMatchObject({
      structuredContent: { text: "done" },
    });
    const other = await ask(front, "tools/call", slowly(5), { as: "bo" });
    expect(other.result).toMatchObject({ resultType: "task" });
  });
});

describe("a task is its caller's alone", () => {
  test.each(["tasks/get", "tasks/cancel", "tasks/update"])(
    "%s of another's is as of none",
    async (method) => {
      const front = frontWith();
      const taskId = await begin(front, slowly(1_000));
      const none = await ask(front, method, { taskId: "A".repeat(43) });
      expect(none.error).toMatchObject({ code: -32602, message: expect.stringContaining("not found") });
      expect((await ask(front, method, { taskId }, { as: "eve" })).error).toEqual(none.error);
      expect(await state(front, taskId)).toMatchObject({ status: "working" });
    },
  );

  test("and not even his when he may not see the tool any more", async () => {
    const calls = testCalls();
    let mayUse = true;
    const policy = { ...calls.steps.policy, visible: () => mayUse };
    const front = frontWith({ calls: { ...calls, steps: { ...calls.steps, policy } } });
    const taskId = await begin(front, slowly(3));
    mayUse = false;
    expect((await ask(front, "tasks/get", { taskId })).error).toMatchObject({ code: -32602 });
  });

  test("ids are of 256 bits and never the same", async () => {
    const front = frontWith();
    const ids = [await begin(front, slowly(1_000)), await begin(front, slowly(1_000))];
    for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });
});

test("the SDK's own client, which says nothing of tasks, gets its answer however long it takes", async () => {
  const front = frontWith({ taskTimes: { ...times, afterMs: 1 } });
  const fetch = (url: string | URL, init?: RequestInit) => front.fetch(new Request(url, init));
  const client = await connectModern(
    new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }),
  );
  expect(await client.call("echo_slowly", slowly(10).arguments)).toMatchObject({
    structuredContent: { text: "done" },
  });
  await client.close();
});

test("the SDK's own client can ask for a task", async () => {
  const front = frontWith();
  const taskId = await begin(front, slowly(3));
  const fetch = (url: string | URL, init?: RequestInit) =>
    front.fetch(
      new Request(url, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization: "ada" },
      }),
    );
  const client = new Client(
    { name: "tests", version: "1" },
    {
      versionNegotiation: { mode: "auto" },
      capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
    },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }));
  const task = z.looseObject({ status: z.string() });
  const get = () => client.request({ method: "tasks/get", params: { taskId } }, task);
  await expect.poll(async () => (await get()).status).toBe("completed");
  expect(await get()).toMatchObject({ taskId, result: { structuredContent: { text: "done" } } });
  await client.close();
});

test("a client that does not take tasks is told what it lacks", async () => {
  const { error } = await ask(frontWith(), "tasks/get", { taskId: "x" }, { takesTasks: false });
  expect(error).toMatchObject({
    code: -32021,
    data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
  });
});

test("discovery says that tasks are there", async () => {
  const { result } = await ask(frontWith(), "server/discover", {});
  expect(result).toMatchObject({ capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } });
});

test("nothing is kept of a task beyond its time", async () => {
  let nowMs = 1_000_000;
  const taskStore = new MemoryTaskStore({ now: () => nowMs });
  const front = frontWith({ taskStore });
  const taskId = await begin(front, slowly(3));
  await expect.poll(async () => (await state(front, taskId))?.status).toBe("completed");
  nowMs = Date.now() + times.timeoutMs + times.keepMs + 1;
  expect((await ask(front, "tasks/get", { taskId })).error).toMatchObject({ code: -32602 });
});

test("closing stops what still runs", async () => {
  const front = frontWith();
  await begin(front, slowly(1_000));
  await front.close();
  await expect.poll(() => front.faults()).toEqual(["timeout"]);
});
