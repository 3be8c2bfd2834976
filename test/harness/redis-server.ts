import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The server program of this machine, or nothing where there is none. */
export const redisProgram = ["redis-server", "valkey-server"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

export interface RedisServer {
  url: string;
  stop(): Promise<void>;
}

/** A real server on loopback that keeps nothing on disk. Default: a free port. */
export async function startRedis(program: string, port?: number): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-redis-"));
  const taken = port ?? (await freePort());
  const args = ["--port", String(taken), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  await saysReady(child);
  return {
    url: `redis://127.0.0.1:${taken}`,
    async stop() {
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function saysReady(child: ChildProcess): Promise<void> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    if (text.includes("Ready to accept connections")) break;
  }
  if (!text.includes("Ready to accept connections")) throw new Error(`The Redis server ended: ${text}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
