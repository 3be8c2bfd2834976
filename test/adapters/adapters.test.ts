import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultOf, type TestClient } from "../harness/clients.ts";
import {
  type Connections,
  type Era,
  inProcess,
  overSocket,
  overStdio,
  throughLambda,
} from "../harness/connections.ts";

const adapters = [
  { adapter: "stdio", open: overStdio },
  { adapter: "http without a socket", open: inProcess },
  { adapter: "http over a socket", open: overSocket },
];
const eras: { era: Era; version: string }[] = [
  { era: "modern", version: "2026-07-28" },
  { era: "legacy", version: "2025-11-25" },
];
const rows = [
  ...adapters.flatMap((adapter) => eras.map((era) => ({ ...adapter, ...era }))),
  // Sessions have no place in a function that is frozen between requests.
  { adapter: "lambda", open: throughLambda, era: "modern" as const, version: "2026-07-28" },
];

describe.each(rows)("a $era client over $adapter", ({ open, era, version, adapter }) => {
  let connections: Connections;
  let client: TestClient;
  beforeAll(async () => {
    connections = await open();
    client = await connections.connect(era);
  });
  afterAll(async () => {
    await client.close();
    await connections.close();
  });

  test("agrees on its revision and reads the instructions", () => {
    // The v1 client does not tell what it negotiated over stdio.
    if (!(era === "legacy" && adapter === "stdio")) expect(client.protocolVersion()).toBe(version);
    expect(client.instructions()).toContain("echo_* (Echo)");
  });

  test("lists the tools, without their older names and without writes, which are refused here", async () => {
    expect(await client.toolNames()).toEqual(["echo_text", "echo_slowly", "echo_fault", "echo_list_names"]);
  });

  test("gets structured content, a readable form, and the correlation id", async () => {
    const answer = await client.call("echo_text", { text: "hello" });
    expect(answer.structuredContent).toEqual({ text: "hello", principal: "local" });
    expect(answer.content).toEqual([{ type: "text", text: "text: hello\nprincipal: local" }]);
    expect(answer._meta?.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("calls a tool by its older name with its older arguments", async () => {
    const answer = await client.call("old_echo", { words: "hello" });
    expect(answer.structuredContent).toMatchObject({ text: "hello" });
  });

  test("gets a fault as a result a program can read", async () => {
    const answer = await client.call("echo_fault", { how: "throttled" });
    expect(answer.isError).toBe(true);
    expect(answer.content[0]).toEqual({ type: "text", text: "throttled: As you asked." });
    expect(faultOf(answer)).toEqual({
      code: "throttled",
      message: "As you asked.",
      retryable: true,
      details: { retryAfterMs: 1500 },
      correlationId: answer._meta?.correlationId,
    });
  });

  test("learns nothing of a crash but its correlation id", async () => {
    const answer = await client.call("echo_fault", { how: "crash" });
    expect(faultOf(answer)).toMatchObject({ code: "internal", correlationId: answer._meta?.correlationId });
    expect(JSON.stringify(answer)).not.toContain("/etc/sluice");
  });

  test("is told which argument is wrong", async () => {
    const answer = await client.call("echo_text", { txt: "hello" });
    expect(answer.isError).toBe(true);
    expect(faultOf(answer).message).toContain('"txt" (did you mean "text"?)');
  });

  test("is refused a write", async () => {
    const answer = await client.call("echo_write", {});
    expect(faultOf(answer)).toMatchObject({ code: "denied" });
  });

  test("gets a protocol error with a suggestion for a tool that does not exist", async () => {
    await expect(client.call("echo_txt", {})).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("Did you mean echo_text?"),
    });
  });

  test("sees progress that rises and is not sent for every step", async () => {
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => seen.push(progress);
    await client.call("echo_slowly", { steps: 50, stepMs: 5 }, { onprogress });
    // Clients drop notifications that come in one read with the response: how far the last one seen is, is theirs.
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.length).toBeLessThan(20);
  });

  test("cancels a call and goes on", async () => {
    const stop = new AbortController();
    const call = client.call("echo_slowly", { steps: 1000, stepMs: 20 }, { signal: stop.signal });
    const failed = expect(call).rejects.toThrow();
    await sleep(100);
    stop.abort();
    await failed;
    expect((await client.call("echo_text", { text: "on" })).structuredContent).toMatchObject({ text: "on" });
  });

  test("lists and fills in prompts", async () => {
    expect(await client.promptNames()).toEqual(["greet"]);
    expect(await client.promptText("greet", { name: "Ada", tone: "warm" })).toBe("Greet Ada in a warm tone.");
    await expect(client.promptText("greet", {})).rejects.toMatchObject({ code: -32602 });
    await expect(client.promptText("great", {})).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("Did you mean greet?"),
    });
  });

  test("walks the resources page by page and reads one", async () => {
    const names = ["alpha", "apple", "beta", "gamma"];
    expect(await client.resourceUris()).toEqual(names.map((name) => `echo://names/${name}`));
    expect(await client.templates()).toEqual(["echo://names/{name}"]);
    expect(JSON.parse(await client.readText("echo://names/beta"))).toMatchObject({ text: "beta" });
    await expect(client.readText("echo://nothing/here")).rejects.toMatchObject({ code: -32602 });
  });

  test("gets completions for a template's variable", async () => {
    expect(await client.complete("echo://names/{name}", "name", "a")).toEqual(["alpha", "apple"]);
    expect(await client.complete("echo://names/{name}", "other", "a")).toEqual([]);
  });

  test("gets each answer to its own call when many run at once", async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(
      texts.map((text, index) => client.call("echo_slowly", { steps: 1, stepMs: (index * 7) % 40, text })),
    );
    expect(answers.map((answer) => answer.structuredContent?.text)).toEqual(texts);
  });
});
