import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { jsonExchange } from "../../bench/children.ts";
import type { SlowClient, SlowClients } from "./slow-clients.ts";

/** A request as it is sent to a server on loopback. */
export interface LoadRequest {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What came of one request, and how long it took its sender. */
export interface LoadAnswer {
  /** What was asked for. */
  path: string;
  status?: number | undefined;
  /** Of a fault. */
  code?: string | undefined;
  retryAfter?: string | undefined;
  /** Of a connection that broke, or no answer within a minute. */
  error?: string;
  tookMs: number;
}

interface Burst {
  kind: "burst";
  port: number;
  /** Sent all at once, each over a connection of its own. */
  requests: LoadRequest[];
}

interface Steady {
  kind: "steady";
  port: number;
  request: LoadRequest;
  perSecond: number;
  durationMs: number;
}

export type LoadQuestion = Burst | Steady | ({ kind: "slow" } & SlowClients);

/** Loads a server from a process of its own, so that what the test does delays neither requests nor their clock. */
export interface LoadProcess {
  burst(port: number, requests: LoadRequest[]): Promise<LoadAnswer[]>;
  /** Sends at a steady rate, whether the ones before were answered or not. */
  steady(question: Omit<Steady, "kind">): Promise<LoadAnswer[]>;
  slow(question: SlowClients): Promise<SlowClient[]>;
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL("./load-child.ts", import.meta.url));

/** Does one thing at a time. */
export function startLoadProcess(): LoadProcess {
  const child = spawn(process.execPath, ["--import", "tsx", script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const exchange = jsonExchange(child);
  const ask = async <T>(question: LoadQuestion) => (await exchange.ask(question)) as T;
  const answersOf = async (question: LoadQuestion) =>
    (await ask<{ answers: LoadAnswer[] }>(question)).answers;
  return {
    burst: (port, requests) => answersOf({ kind: "burst", port, requests }),
    steady: (question) => answersOf({ kind: "steady", ...question }),
    slow: async (question) => (await ask<{ clients: SlowClient[] }>({ kind: "slow", ...question })).clients,
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
