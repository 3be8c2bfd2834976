import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StateSettings } from "../../src/state/settings.ts";
import { dynamoDbEnvironment, startDynamoDb } from "./dynamodb-server.ts";
import { redisProgram, startRedis } from "./redis-server.ts";

/** What a server of a lamp is told. */
export interface LampSettings {
  state: StateSettings;
  confirmation: { key: string; otherKey?: string };
  /** Of the file that its effects go to. */
  path: string;
}

/** A server process. */
export interface LampServer {
  fetch(request: Request): Promise<Response>;
  /** Resolves with the signal that ended it. */
  ended: Promise<NodeJS.Signals | null>;
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL("./lamp-server.ts", import.meta.url));

export async function startLampServer(settings: LampSettings): Promise<LampServer> {
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(settings)], {
    env: { PATH: process.env.PATH ?? "", NODE_NO_WARNINGS: "1", ...dynamoDbEnvironment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close").then(() => child.signalCode);
  const [line] = await Promise.race([
    once(child.stdout, "data"),
    ended.then(() => Promise.reject(new Error("The server of the lamp ended."))),
  ]);
  const base = String(line).trim();
  return {
    ended,
    fetch: (request) => fetch(new Request(`${base}${new URL(request.url).pathname}`, request)),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A test may stop a store before its end. */
function onceOnly(stop: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

/** A store that servers share, as they are told of it. */
export interface SharedState {
  settings: StateSettings;
  stop(): Promise<void>;
}

/** Every store that servers can share and this machine has, with a word on the one it has not. */
export const sharedStates = [
  {
    kind: "dynamodb",
    isMissing: false,
    async start(): Promise<SharedState> {
      const { table, endpoint, stop } = await startDynamoDb();
      return { settings: { store: "dynamodb", dynamodb: { table, endpoint } }, stop: onceOnly(stop) };
    },
  },
  {
    kind: `redis${redisProgram ? "" : " (skipped: no redis-server or valkey-server is in PATH)"}`,
    isMissing: redisProgram === undefined,
    async start(): Promise<SharedState> {
      const { url, stop } = await startRedis(redisProgram ?? "");
      return { settings: { store: "redis", redis: { url } }, stop: onceOnly(stop) };
    },
  },
];
