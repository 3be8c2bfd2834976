import { expect } from "vitest";
import { createMangler } from "./mangle.ts";
import { modernRequest, type RpcMessage } from "./rpc.ts";

export const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000);

/** Statuses that an odd message may have. */
export const known = [200, 202, 400, 404, 406];

/** Good requests of 2026-07-28. */
export const asked: readonly [string, Record<string, unknown>][] = [
  ["tools/call", { name: "echo_text", arguments: { text: "a" }, _meta: { progressToken: "p" } }],
  ["tools/call", { name: "echo_slowly", arguments: { steps: 1, stepMs: 1, text: "b" } }],
  ["tools/call", { name: "old_echo", arguments: { words: "a" } }],
  ["tools/list", {}],
  ["resources/read", { uri: "echo://names/ada" }],
  ["resources/list", { cursor: "x" }],
  ["prompts/get", { name: "greet", arguments: { name: "ada" } }],
  [
    "completion/complete",
    { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "name", value: "a" } },
  ],
  ["server/discover", {}],
  ["tasks/get", { taskId: "none" }],
];
/** Good messages of earlier versions alone. */
export const legacyOnly: readonly Record<string, unknown>[] = [
  { method: "ping", id: 1 },
  { method: "notifications/cancelled", params: { requestId: 1, reason: "no" } },
  { method: "notifications/progress", params: { progressToken: "p", progress: 1 } },
  { method: "notifications/initialized" },
  { method: "logging/setLevel", id: 1, params: { level: "info" } },
  { id: 1, result: { action: "accept" } },
  { id: 1, error: { code: -32000, message: "no" } },
  {
    method: "initialize",
    id: 1,
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
  },
];

/** What an answer may never say: places, frames of a stack, names of classes. */
const leaked = /node_modules|\bat .*\.[jt]s:|\/src\/|TypeError|ZodError|Cannot read|is not a function/;

/** What every answer must be. */
export function check(answers: readonly RpcMessage[], sent: string): void {
  for (const answer of answers) {
    const text = JSON.stringify(answer);
    expect(answer, sent).toMatchObject({ jsonrpc: "2.0" });
    expect(text, sent).not.toMatch(leaked);
    expect(answer.error?.code, sent).not.toBe(-32603);
    if (answer.error) expect(Number.isSafeInteger(answer.error.code), sent).toBe(true);
    else expect(answer, sent).toSatisfy((one: object) => "result" in one || "method" in one);
  }
}

type Send = (
  body: string,
  headers: Record<string, string>,
) => Promise<{ status: number; messages: readonly RpcMessage[] }>;

/** Sends mangled requests of 2026-07-28, and checks each answer. */
export async function fuzzModern(send: Send, given: { seed: number; messages: number }): Promise<void> {
  const { mangled, random } = createMangler(given.seed);
  const statuses = new Map<number, number>();
  for (let count = 0; count < given.messages; count++) {
    const { body, headers } = modernRequest(...(asked[random(asked.length)] as (typeof asked)[number]));
    const text = mangled(body);
    const { status, messages } = await send(text, random(8) === 0 ? {} : headers);
    expect(known, text).toContain(status);
    check(messages, text);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  // Of each kind there were some, so what was sent did go wrong in more ways than one.
  for (const status of [200, 400]) expect(statuses.get(status), String(status)).toBeGreaterThan(20);
}
