import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { confirmWrites } from "../../src/core/confirm-writes.ts";
import type { RecordItems } from "../../src/core/own-record.ts";
import { SharedWriteRecords } from "../../src/core/shared-write-records.ts";
import type { Confirmer } from "../../src/core/steps.ts";
import type { StateSettings } from "../../src/state/settings.ts";
import { dynamoDbEnvironment } from "./dynamodb-server.ts";

/** What a process is told that writes words until it kills itself. */
export interface KillOrders {
  dir: string;
  anchorDir: string;
  paths: ReturnType<typeof pathsBeside>;
  run: number;
  seed: number;
  /** Where its writes are confirmed: the store in which that is kept. */
  state?: StateSettings;
}

/** A call as its client sends it, and sends it again. */
export interface SentCall {
  name: string;
  word: string;
  confirmationToken: string;
}

/** Files of lines: what was done, answered and confirmed, and where each process killed itself. */
export function pathsBeside(dir: string) {
  const beside = (name: string) => join(dir, "..", name);
  return {
    effects: beside("effects"),
    answers: beside("answers"),
    sent: beside("sent"),
    deaths: beside("deaths"),
  };
}

const child = fileURLToPath(new URL("./audit-kill-child.ts", import.meta.url));

/** Resolves with the signal that ended it; throws where it ended by a fault of its own. */
export async function runKilled(orders: KillOrders): Promise<NodeJS.Signals | null> {
  const running = spawn(process.execPath, ["--import", "tsx", child, JSON.stringify(orders)], {
    env: { ...process.env, ...(orders.state && dynamoDbEnvironment) },
    stdio: "inherit",
  });
  await once(running, "close");
  if (running.exitCode) throw new Error(`Run ${orders.run} ended with exit code ${running.exitCode}.`);
  return running.signalCode;
}

/** As servers of a shared store have it, but that a dead one is missed after a second. */
export function wordConfirmer(items: RecordItems): Confirmer {
  const keys = ["k".repeat(32)] as const;
  const records = new SharedWriteRecords({ items, keys, now: Date.now, silentMs: 1_000, beatMs: 200 });
  return confirmWrites({ keys, records, now: Date.now });
}
