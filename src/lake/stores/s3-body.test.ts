import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ToolError } from "../../core/errors.ts";
import type { RetryBudget } from "../../core/service-guard.ts";
import { type Body, eachOf } from "./body.ts";
import { BodyPace } from "./body-pace.ts";
import { s3Body } from "./s3-body.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** The answer of a server that says it has `saidBytes` and does with the response what `send` does. */
async function answerOf(
  saidBytes: number,
  send: (response: ServerResponse) => void,
): Promise<IncomingMessage> {
  return answerFrom(await portOf(saidBytes, send));
}

async function portOf(saidBytes: number, send: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-length": saidBytes });
    send(response);
  }).listen(0, "127.0.0.1");
  servers.push(server.unref());
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

function answerFrom(port: number, options: { agent?: Agent } = {}): Promise<IncomingMessage> {
  const from = { port, host: "127.0.0.1", ...options };
  return new Promise((resolve, reject) => get(from, resolve).once("error", reject));
}

const retries = { take: () => false, succeeded() {} } as unknown as RetryBudget;
const expected = (sizeBytes: number) => ({ uri: "s3://b/k", sizeBytes, retries, pace: new BodyPace(10_000) });
const text = Array.from({ length: 400_000 }, (_, at) => `${at},`).join("");

type Walk = (body: Body, take: (bytes: Uint8Array) => Promise<void> | undefined) => Promise<void>;
const walks: [string, Walk][] = [
  [
    "walked",
    async (body, take) => {
      for await (const bytes of body) await take(bytes);
    },
  ],
  ["handed over", eachOf],
];

test.each(walks)("all bytes are %s in order, also by a taker that is slow", async (_name, walk) => {
  for (const slowMs of [undefined, 0, 3]) {
    const answer = await answerOf(text.length, (response) => response.end(text));
    let [got, busy, most] = ["", 0, 0];
    const take = (bytes: Uint8Array) => {
      most = Math.max(most, ++busy);
      got += Buffer.from(bytes).toString("latin1");
      if (slowMs === undefined) {
        busy--;
        return undefined;
      }
      return sleep(slowMs).then(() => void busy--);
    };
    await walk(s3Body(answer, expected(text.length), new AbortController().signal), take);
    expect([got === text, busy, most]).toEqual([true, 0, 1]);
  }
});

test.each(walks)(
  "a body that is shorter, longer or broken off says so when it is %s",
  async (_name, walk) => {
    const signal = new AbortController().signal;
    const none = () => undefined;
    const short = await answerOf(10, (response) => response.end("0123456789"));
    await expect(walk(s3Body(short, expected(11), signal), none)).rejects.toMatchObject({ code: "changed" });
    const long = await answerOf(10, (response) => response.end("0123456789"));
    await expect(walk(s3Body(long, expected(9), signal), none)).rejects.toMatchObject({ code: "changed" });
    const broken = await answerOf(10, (response) => {
      response.write("01234", () => response.destroy());
    });
    await expect(walk(s3Body(broken, expected(10), signal), none)).rejects.toMatchObject({
      code: "unavailable",
    });
  },
);

test.each(walks)("what stops the call stops a body that is %s, whenever it does", async (_name, walk) => {
  const stop = new AbortController();
  const reason = new ToolError("timeout", "Too long.");
  const hanging = await answerOf(10, (response) => void response.write("01234"));
  const body = s3Body(hanging, expected(10), stop.signal);
  const ended = walk(body, () => undefined);
  setTimeout(() => stop.abort(reason), 20);
  await expect(ended).rejects.toBe(reason);
  const late = await answerOf(10, (response) => void response.write("01234"));
  await expect(walk(s3Body(late, expected(10), stop.signal), () => undefined)).rejects.toBe(reason);
});

test.each(walks)(
  "what its taker throws is thrown of a body that is %s, and it is dropped",
  async (_name, walk) => {
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    const refusals = [
      () => Promise.reject(full),
      () => {
        throw full;
      },
    ];
    for (const refuse of refusals) {
      const answer = await answerOf(text.length, (response) => response.end(text));
      const ended = walk(s3Body(answer, expected(text.length), new AbortController().signal), refuse);
      await expect(ended).rejects.toBe(full);
      await expect.poll(() => answer.destroyed).toBe(true);
    }
  },
);

test("nothing more is given to a taker that threw", async () => {
  const pieces = Readable.from([Buffer.from("01"), Buffer.from("23"), Buffer.from("45")]);
  await sleep(5);
  let given = 0;
  const take = () => {
    given++;
    throw new Error("enough");
  };
  const body = s3Body(pieces, expected(6), new AbortController().signal);
  await expect(eachOf(body, take)).rejects.toThrow("enough");
  expect(given).toBe(1);
});

test.each(walks)(
  "a body that is %s hangs where nothing comes, and not while its taker works",
  async (_name, walk) => {
    const pace = new BodyPace(60);
    const answer = await answerOf(4, (response) => {
      response.write("01");
      setTimeout(() => response.end("23"), 300);
    });
    const hung: boolean[] = [];
    const watch = setInterval(() => hung.push(pace.isHung()), 10);
    const take = () => sleep(120).then(() => void hung.push(pace.isHung()));
    const body = s3Body(answer, { ...expected(4), pace }, new AbortController().signal);
    await walk(body, take);
    clearInterval(watch);
    const firstHung = hung.indexOf(true);
    expect(firstHung).toBeGreaterThan(5);
  },
);

test("a body that breaks off while its bytes are taken says so when they are", async () => {
  const answer = await answerOf(10, (response) => {
    response.write("01234", () => response.destroy());
  });
  let isTaken = false;
  const take = async () => {
    await sleep(100);
    isTaken = true;
  };
  const body = s3Body(answer, expected(10), new AbortController().signal);
  await expect(eachOf(body, take)).rejects.toMatchObject({ code: "unavailable" });
  expect(isTaken).toBe(true);
});

test.runIf("transfer" in ArrayBuffer.prototype)(
  "what was read of the connection is freed when the next comes, also of one that is used again",
  async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const port = await portOf(text.length, (response) => response.end(text));
    const sockets = new Set<Socket>();
    for (let round = 0; round < 3; round++) {
      const answer = await answerFrom(port, { agent });
      sockets.add(answer.socket);
      const reads: Uint8Array[] = [];
      answer.socket.on("data", (bytes: Uint8Array) => reads.push(bytes));
      let got = "";
      await eachOf(s3Body(answer, expected(text.length), new AbortController().signal), (bytes) => {
        got += Buffer.from(bytes).toString("latin1");
        return undefined;
      });
      expect(got === text).toBe(true);
      expect(reads.length).toBeGreaterThan(5);
      expect(reads.filter(({ byteLength }) => byteLength > 0).length).toBeLessThanOrEqual(2);
    }
    expect(sockets.size).toBe(1);
    agent.destroy();
  },
);
