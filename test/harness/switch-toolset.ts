import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../../src/core/errors.ts";
import type { Toolset } from "../../src/core/registry.ts";
import { defineTool } from "../../src/core/tool.ts";

/** Something that writes can change: a switch, and how often it was set. */
export interface Switch {
  position: string;
  effects: number;
  toolset: Toolset;
}

/** A switch with a tool that plans, and tools that do not: one that cannot be undone, one that fails as it acts. */
export function createSwitch(): Switch {
  const state: Omit<Switch, "toolset"> = { position: "off", effects: 0 };
  const output = z.object({ position: z.string(), effects: z.int() });
  const common = { iam: [], output, examples: [] };
  const set = defineTool({
    ...common,
    name: "switch_set_position",
    title: "Set the switch",
    description: "Sets the switch.",
    effect: "write",
    input: z.strictObject({ position: z.string(), delayMs: z.int().default(0) }),
    aliases: [
      {
        name: "old_set_switch",
        input: z.strictObject({ to: z.string() }),
        toInput: ({ to }) => ({ position: to }),
      },
    ],
    async plan({ position }) {
      return {
        summary: "Sets the switch",
        changes: [{ what: "position", from: state.position, to: position }],
        account: "123456789012",
        region: "eu-central-1",
        reversible: true,
        stateSeen: state.position,
      };
    },
    async handle({ position, delayMs }) {
      await sleep(delayMs);
      state.effects++;
      state.position = position;
      return { position, effects: state.effects };
    },
  });
  const destroy = defineTool({
    ...common,
    name: "switch_destroy",
    title: "Destroy the switch",
    description: "Destroys the switch.",
    effect: "destroy",
    input: z.strictObject({ why: z.string() }),
    async handle() {
      state.effects++;
      return { position: "gone", effects: state.effects };
    },
  });
  const fail = defineTool({
    ...common,
    name: "switch_break",
    title: "Break the switch",
    description: "Changes something and fails.",
    effect: "write",
    input: z.strictObject({}),
    async handle() {
      state.effects++;
      throw new ToolError("unavailable", "The switch is stuck.");
    },
  });
  const toolset = { name: "switch", title: "Switch", tools: [set, destroy, fail] };
  return Object.assign(state, { toolset });
}
