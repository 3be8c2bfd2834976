import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one request. */
export type Fault =
  /** Answers itself, without asking the server behind. */
  | { kind: "answer"; status: number; body?: string; headers?: Record<string, string> }
  /** Passes the answer's head and this many bytes of its body, then breaks the connection. */
  | { kind: "reset"; afterBytes: number }
  /** Passes the request on, and breaks the connection in place of the answer. */
  | { kind: "lost" }
  /** Passes the request on, and nothing back; says when there was an answer. */
  | { kind: "unanswered"; answered(): void }
  /** Passes this many bytes of the body and says that was all of it. */
  | { kind: "short"; bytes: number }
  /** Passes this many bytes of the body (-1: not even the head), then nothing more. */
  | { kind: "hang"; afterBytes: number }
  /** Passes the answer with other headers. */
  | { kind: "headers"; headers: Record<string, string> }
  /** Waits before it passes the request on. */
  | { kind: "delay"; delayMs: number };

export interface FaultProxy {
  endpoint: string;
  /** How many answers are under way now, and how many were at most. */
  open(): { now: number; most: number };
  stop(): Promise<void>;
}

/** A proxy on loopback in front of `target`; `plan` says what goes wrong with each request, from 0. Default: a free port. */
export async function startFaultProxy(
  target: string,
  plan: (request: IncomingMessage, index: number) => Fault | undefined | Promise<Fault | undefined>,
  port = 0,
): Promise<FaultProxy> {
  let count = 0;
  let now = 0;
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++now);
    response.on("close", () => now--);
    void Promise.resolve(plan(request, count++)).then((fault) => pass(target, request, response, fault));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => ({ now, most }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(target: string, request: IncomingMessage, response: ServerResponse, fault?: Fault) {
  if (fault?.kind === "answer") {
    response.writeHead(fault.status, fault.headers);
    response.end(request.method === "HEAD" ? undefined : fault.body);
    return;
  }
  if (fault?.kind === "hang" && fault.afterBytes < 0) return;
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
  const url = new URL(target);
  const options = { host: url.hostname, port: url.port, method: request.method, path: request.url };
  const upstream = httpRequest({ ...options, headers: request.headers }, (answer) => {
    relay(answer, response, fault);
  });
  upstream.on("error", () => response.destroy());
  request.pipe(upstream);
}

function relay(answer: IncomingMessage, response: ServerResponse, fault?: Fault): void {
  if (fault?.kind === "lost") {
    answer.resume();
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault?.kind === "unanswered") {
    answer.resume().on("end", fault.answered);
    return;
  }
  const headers = { ...answer.headers, ...(fault?.kind === "headers" ? fault.headers : {}) };
  if (fault?.kind === "short") {
    headers["content-length"] = String(Math.min(fault.bytes, Number(headers["content-length"])));
  }
  response.writeHead(answer.statusCode ?? 502, headers);
  const limit = { reset: "afterBytes", hang: "afterBytes", short: "bytes" } as const;
  if (!fault || !(fault.kind in limit)) {
    answer.pipe(response);
    return;
  }
  const maxBytes = fault.kind === "short" ? fault.bytes : fault.kind === "delay" ? 0 : cutAfter(fault);
  let passedBytes = 0;
  answer.on("data", (chunk: Buffer) => {
    const piece = chunk.subarray(0, maxBytes - passedBytes);
    if (piece.length > 0) response.write(piece);
    passedBytes += piece.length;
    if (passedBytes < maxBytes) return;
    answer.destroy();
    if (fault.kind === "short") response.end();
    // Gives the bytes before it the time to arrive.
    if (fault.kind === "reset") setTimeout(() => response.socket?.resetAndDestroy(), 20);
  });
  answer.on("end", () => {
    if (passedBytes < maxBytes) response.end();
  });
  if (maxBytes === 0) response.flushHeaders();
}

function cutAfter(fault: Fault): number {
  return fault.kind === "reset" || fault.kind === "hang" ? fault.afterBytes : 0;
}
