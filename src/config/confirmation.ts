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

/** What is wrong with the group beside others. */
export function wrongConfirmation({
  writes,
  confirmation: { key, otherKey },
  state,
}: Together): { setting: string; message: string }[] {
  const isShared = state.store !== "memory";
  if (key === undefined && isShared && writes === "confirm") {
    const message = `is missing: writes is confirm and state.store is ${state.store}, whose servers must honour each other's confirmations`;
    return [{ setting: "key", message }];
  }
  if (key !== undefined && !isShared) {
    const message =
      "is of no use unless state.store is dynamodb or redis: with the store in memory each server would honour the same confirmation once";
    return [{ setting: "key", message }];
  }
  if (otherKey !== undefined && key === undefined)
    return [{ setting: "otherKey", message: "is of no use without confirmation.key" }];
  if (otherKey !== undefined && otherKey === key)
    return [{ setting: "otherKey", message: "is the same as confirmation.key" }];
  return [];
}
