import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedStates, startLampServer } from "../harness/lamp-servers.ts";
import { askMcp, openSession, postMcp, readAnswer } from "../harness/rpc.ts";

const call = (id: number, name: string, args: Record<string, unknown>) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args, _meta: { progressToken: "p" } },
});
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };

describe.each(sharedStates)("two server processes over one $kind", ({ start, isMissing }) => {
  test.skipIf(isMissing)(
    "serve one session in turn, resume each other's streams, and go on where one is killed",
    async () => {
      const dir = await mkdtemp(join(tmpdir(), "sluice-session-"));
      const state = await start();
      const path = join(dir, "effects");
      await writeFile(path, "");
      const settings = { state: state.settings, confirmation: { key: "k".repeat(32) }, path };
      const [one, two] = await Promise.all([startLampServer(settings), startLampServer(settings)]);
      const session = await openSession(one, "2025-11-25", { authorization: "ada" });
      for (const [index, server] of [one, two, one, two].entries()) {
        const { messages } = await postMcp(server, call(index, "echo_text", { text: `t${index}` }), session);
        expect(messages.at(-1)?.result).toMatchObject({ structuredContent: { text: `t${index}` } });
      }
      for (const server of [one, two])
        expect((await postMcp(server, list, { ...session, authorization: "mallory" })).status).toBe(404);

      for (const [from, to] of [[one, two] as const, [two, one] as const]) {
        const dropped = await askMcp(
          from,
          "POST",
          session,
          call(9, "echo_slowly", { steps: 8, stepMs: 150 }),
        );
        const reader = dropped.body?.getReader();
        let seen = "";
        while (!seen.includes('"progress":2'))
          seen += new TextDecoder().decode((await reader?.read())?.value);
        await reader?.cancel();
        const lastEventId = [...seen.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
        const rest = await readAnswer(await askMcp(to, "GET", { ...session, "last-event-id": lastEventId }));
        const before = [...seen.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => JSON.parse(data));
        const all = [...before, ...rest.messages];
        expect(all.slice(0, -1).map(({ params }) => params?.progress)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        expect(all.at(-1)).toMatchObject({ id: 9, result: { structuredContent: { steps: 8 } } });
      }

      await one.kill();
      const { messages } = await postMcp(two, call(10, "echo_text", { text: "still" }), session);
      expect(messages.at(-1)?.result).toMatchObject({ structuredContent: { text: "still" } });
      await two.kill();
      await state.stop();
      await rm(dir, { recursive: true, force: true });
    },
    60_000,
  );
});
