import { z } from "zod";

const secret = z.string().min(32);

/** `confirmation`: what servers must have in common that honour each other's plans. */
export const confirmationSettings = z
  .strictObject({
    key: secret.optional().meta({
      description:
        "Secret of 32 characters or more that plans are sealed with, the same on all servers of state.store; best as secret://file/…. Needed with writes: confirm and a shared store",
      writeOnly: true,
    }),
    otherKey: secret.optional().meta({
      description: "A second key, whose plans are honoured too: the next or the last one while keys change",
      writeOnly: true,
    }),
  })
  .prefault({});

interface Together {
  writes: string;
  confirmation: z.output<typeof confirmationSettings>;
  state: { store: string };
}

/** What is wrong with the group beside others: which setting, and why. Of a secret's own setting nothing is ever quoted. */
export function wrongConfirmation({
  writes,
  confirmation: { key, otherKey },
  state: { store },
}: Together): { path: string[]; message: string } | undefined {
  const ofKey = ["confirmation", "key"];
  if (key === undefined && otherKey !== undefined)
    return { path: ofKey, message: "is missing: confirmation.otherKey is only used beside it" };
  // At the group: what is wrong at a secret's own setting is said in no words but that it does not fit.
  if (key !== undefined && key === otherKey)
    return {
      path: ["confirmation"],
      message: "key and otherKey are the same: keys change only where the other one is another",
    };
  if (store === "memory" && key !== undefined) {
    const message =
      "is memory, with which confirmation.key is of no use: each server would honour the same confirmation once; set dynamodb or redis";
    return { path: ["state", "store"], message };
  }
  if (store !== "memory" && key === undefined && writes === "confirm") {
    const message = `is missing: writes is confirm and state.store is ${store}, whose servers must honour each other's confirmations`;
    return { path: ofKey, message };
  }
  return undefined;
}
