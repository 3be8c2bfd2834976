import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type LampServer,
  type LampSettings,
  type SharedState,
  sharedStates,
  startLampServer,
} from "../harness/lamp-servers.ts";
import { effectsOn } from "../harness/lamp-toolset.ts";
import { createRandom } from "../harness/random.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";

const seed = Number(process.env.SLUICE_TEST_SEED ?? randomBytes(4).readUInt32LE());
const [firstKey, secondKey] = ["a first key of thirty-two letters", "the key that comes after the first"];

interface Result {
  structuredContent?: Record<string, unknown> & { details?: Record<string, unknown> };
  requestState?: string;
}

const canAsk = { "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };
const accept = { confirm: { action: "accept", content: { confirm: true } } };

/** One call of a client of 2026-07-28 that can ask its user, or cannot. */
async function call(
  server: LampServer,
  args: Record<string, unknown>,
  { as = "ada", ...params }: { as?: string } & Record<string, unknown> = {},
): Promise<Result> {
  const request = modernRequest("tools/call", { name: "lamp_set_position", arguments: args, ...params });
  const { messages } = await postMcp(server, request.body, { ...request.headers, authorization: as });
  return messages.at(-1)?.result ?? { structuredContent: { code: "protocol", ...messages.at(-1)?.error } };
}

/** The two ways in which a call is planned and, then, confirmed by another. */
const ways = {
  async token(server: LampServer, args: Record<string, unknown>) {
    const { structuredContent } = await call(server, args);
    const token = structuredContent?.details?.confirmationToken;
    return (on: LampServer, changed = args, as = "ada") =>
      call(on, { ...changed, confirmationToken: token }, { as });
  },
  async user(server: LampServer, args: Record<string, unknown>) {
    const { requestState } = await call(server, args, { _meta: canAsk });
    return (on: LampServer, changed = args, as = "ada") =>
      call(on, changed, { as, _meta: canAsk, requestState, inputResponses: accept });
  },
};

const codeOf = ({ structuredContent }: Result) => structuredContent?.code ?? "done";

describe.each(sharedStates)("two server processes over one $kind", ({ start, isMissing }) => {
  describe.skipIf(isMissing)("share confirmations:", () => {
    let dir: string;
    let state: SharedState;
    let settings: LampSettings;
    let one: LampServer;
    let two: LampServer;
    const others: LampServer[] = [];
    const effects = () => effectsOn(settings.path);

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), "sluice-lamp-"));
      state = await start();
      settings = { state: state.settings, confirmation: { key: firstKey }, path: join(dir, "effects") };
      [one, two] = await Promise.all([startLampServer(settings), startLampServer(settings)]);
    }, 60_000);
    beforeEach(() => writeFile(settings.path, ""));
    afterAll(async () => {
      await Promise.all([one, two, ...others].map((server) => server.kill()));
      await state.stop();
      await rm(dir, { recursive: true, force: true });
    });

    test.each(["token", "user"] as const)(
      "what one planned the other carries out, once, confirmed by %s",
      async (way) => {
        const confirm = await ways[way](one, { position: "on" });
        const first = await confirm(two);
        expect(first.structuredContent).toEqual({ position: "on", effects: 1 });
        for (const server of [one, two])
          expect((await confirm(server)).structuredContent).toEqual({
            ...(first.structuredContent as object),
            alreadyCarriedOutAt: expect.any(String),
          });
        expect(effects()).toEqual(["on"]);
      },
    );

    test.each(["token", "user"] as const)("what is not the same is refused, confirmed by %s", async (way) => {
      const confirm = await ways[way](one, { position: "on" });
      expect(codeOf(await confirm(two, undefined, "mallory"))).toBe("denied");
      expect(codeOf(await confirm(two, { position: "half" }))).toBe("denied");
      const other = await ways[way](two, { position: "half" });
      expect(codeOf(await other(one))).toBe("done");
      expect(codeOf(await confirm(two))).toBe("changed");
      expect(effects()).toEqual(["half"]);
    });

    test("what a user declined to one is not carried out by the other", async () => {
      const { requestState } = await call(one, { position: "on" }, { _meta: canAsk });
      const answer = (on: LampServer, action: string) =>
        call(
          on,
          { position: "on" },
          {
            _meta: canAsk,
            requestState,
            inputResponses: { confirm: { ...accept.confirm, action } },
          },
        );
      expect(codeOf(await answer(one, "decline"))).toBe("denied");
      expect(codeOf(await answer(two, "accept"))).toBe("conflict");
      expect(effects()).toEqual([]);
    });

    test("a session's user, asked by one, may answer by way of the other, or both", async () => {
      const opening = {
        jsonrpc: "2.0",
        id: "open",
        method: "initialize",
        params: {
          protocolVersion: "2025-11-25",
          capabilities: { elicitation: {} },
          clientInfo: { name: "tests", version: "1" },
        },
      };
      const opened = await postMcp(one, opening, { authorization: "ada" });
      const session = {
        authorization: "ada",
        "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
        "mcp-protocol-version": "2025-11-25",
      };
      for (const [index, by] of [[two], [one, two]].entries()) {
        const asked = await one.fetch(
          new Request("http://localhost/mcp", {
            method: "POST",
            headers: {
              ...session,
              "content-type": "application/json",
              accept: "application/json, text/event-stream",
            },
            body: JSON.stringify({
              jsonrpc: "2.0",
              id: index,
              method: "tools/call",
              params: { name: "lamp_set_position", arguments: { position: `on-${index}` } },
            }),
          }),
        );
        const reader = asked.body?.getReader();
        if (!reader) throw new Error("There is no stream.");
        const question = await readUntil(reader, ({ method }) => method === "elicitation/create");
        const said = { jsonrpc: "2.0", id: question.id, result: accept.confirm };
        await Promise.all(by.map((server) => postMcp(server, said, session)));
        const answer = await readUntil(reader, ({ method }) => method === undefined);
        expect(answer.result).toMatchObject({ structuredContent: { effects: index + 1 } });
      }
      expect(effects()).toEqual(["on-0", "on-1"]);
    });

    test("of confirmations that reach both at once, one has an effect", async () => {
      console.log(`seed ${seed}`);
      const random = createRandom(seed);
      for (let round = 0; round < 50; round++) {
        const position = `${round}`;
        const servers = random(2) === 0 ? [one, two] : [two, one];
        const args = { position, delayMs: random(20) };
        const confirm = await ways[random(2) === 0 ? "token" : "user"](servers[random(2)] ?? one, args);
        const results = await Promise.all(
          Array.from({ length: 2 + random(4) }, async (_, index) => {
            await sleep(random(6));
            return confirm(servers[index % 2] ?? one);
          }),
        );
        const codes = results.map(codeOf);
        const why = `seed ${seed}, round ${round}: ${codes}`;
        expect(effects().filter((effect) => effect === position).length, why).toBe(1);
        expect(codes, why).toContain("done");
        // Who comes late enough gets the answer, who comes too early is told so, and who sees the lamp set, that.
        expect(codes.filter((code) => !["done", "conflict", "changed"].includes(String(code)))).toEqual([]);
      }
    }, 60_000);

    test("a key that takes another's place is honoured where it is known", async () => {
      const next = await startLampServer({
        ...settings,
        confirmation: { key: secondKey, otherKey: firstKey },
      });
      others.push(next);
      const old = await ways.token(one, { position: "on" });
      expect(codeOf(await old(next))).toBe("done");
      const early = await ways.token(next, { position: "off" });
      expect(codeOf(await early(two))).toBe("denied");
      expect(codeOf(await early(next))).toBe("done");
      expect(effects()).toEqual(["on", "off"]);
    }, 30_000);

    test("killed as they act, servers leave calls that others do not carry out again", async () => {
      const dying = await Promise.all([startLampServer(settings), startLampServer(settings)]);
      others.push(...dying);
      const confirmations = [];
      for (const [index, die] of (["before", "after"] as const).entries()) {
        const confirm = await ways.token(one, { position: die, die });
        await expect(confirm(dying[index] ?? one)).rejects.toThrow();
        expect(await dying[index]?.ended).toBe("SIGKILL");
        expect((await confirm(two)).structuredContent).toMatchObject({ code: "conflict", retryable: true });
        confirmations.push(confirm);
      }
      for (const confirm of confirmations) {
        await expect
          .poll(async () => (await confirm(two)).structuredContent, { timeout: 25_000, interval: 500 })
          .toMatchObject({
            code: "conflict",
            retryable: false,
            details: { uncertain: true, check: ["the lamp's position"] },
            message: expect.stringContaining("Look at the lamp's position"),
          });
      }
      expect(effects()).toEqual(["after"]);
      expect(codeOf(await (await ways.token(two, { position: "on" }))(one))).toBe("done");
    }, 90_000);

    test("without the store nothing is carried out", async () => {
      const confirm = await ways.token(one, { position: "on" });
      await state.stop();
      for (const server of [one, two])
        expect((await confirm(server)).structuredContent).toMatchObject({
          code: "unavailable",
          retryable: true,
        });
      expect(effects()).toEqual([]);
    }, 60_000);
  });
});

interface Message {
  id: unknown;
  method?: string;
  result?: unknown;
}

/** Reads a stream on until a message is as asked. */
async function readUntil(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  isIt: (message: Message) => boolean,
) {
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += new TextDecoder().decode(value);
    const messages = [...text.matchAll(/^data: (\{.*\})$/gm)].map(
      ([, data = ""]) => JSON.parse(data) as Message,
    );
    const found = messages.find(isIt);
    if (found) return found;
    if (done) throw new Error(`The stream ended: ${text}`);
  }
}
