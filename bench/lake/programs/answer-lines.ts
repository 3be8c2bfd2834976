import { createInterface } from "node:readline";
import { type SideRequest, sideRequestShape } from "../sides/side.ts";

/** Says that the program is ready, then answers each line of JSON with one. What is thrown is told as `{error}`. */
export async function answerLines(answer: (request: SideRequest) => Promise<object>): Promise<void> {
  const say = (value: object) => process.stdout.write(`${JSON.stringify(value, bigIntsAsText)}\n`);
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await answer(sideRequestShape.parse(JSON.parse(line))));
    } catch (thrown) {
      say({ error: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  // Whoever started this has ended.
  process.exit(0);
}

function bigIntsAsText(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
