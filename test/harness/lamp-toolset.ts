import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Toolset } from "../../src/core/registry.ts";
import { defineTool } from "../../src/core/tool.ts";

/** What was done to a lamp whose effects are lines of a file, so that servers have one lamp in common. */
export function effectsOn(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** A lamp that counts as set anew each time: no second effect goes unseen. Its server can be told to die as it acts. */
export function lampToolset(path: string): Toolset {
  const position = () => effectsOn(path).at(-1) ?? "off";
  const setPosition = defineTool({
    name: "lamp_set_position",
    title: "Set the lamp",
    description: "Sets the lamp.",
    effect: "write",
    iam: [],
    input: z.strictObject({
      position: z.string(),
      delayMs: z.int().default(0),
      die: z.enum(["before", "after"]).optional(),
    }),
    output: z.object({ position: z.string(), effects: z.int() }),
    examples: [],
    async plan(given) {
      return {
        summary: "Sets the lamp",
        changes: [{ what: "the lamp's position", from: position(), to: given.position }],
        reversible: true,
        stateSeen: position(),
      };
    },
    async handle(given) {
      await sleep(given.delayMs);
      if (given.die === "before") die();
      appendFileSync(path, `${given.position}\n`);
      if (given.die === "after") die();
      return { position: given.position, effects: effectsOn(path).length };
    },
  });
  return { name: "lamp", title: "Lamp", tools: [setPosition] };
}

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}
