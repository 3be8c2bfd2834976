import { z } from "zod";
import { createSealer, type SealingKeys } from "./seal.ts";

const contents = z.strictObject({
  /** Whoever may bring it back: a client that asked its user, or the caller among its arguments. */
  by: z.enum(["user", "token"]),
  /** Digest of tenant and principal: an id can be as long as its issuer likes, and a token has to fit into a fault. */
  caller: z.string(),
  tool: z.string(),
  /** Digest of the arguments, parsed. */
  input: z.string(),
  /** Digest of the state the plan saw. */
  state: z.string(),
  /** Of a write that may be run again: a digest of what it makes. */
  repeatableAs: z.string().optional(),
  /** Milliseconds since the epoch. */
  expiresMs: z.number(),
  nonce: z.string(),
});

/** What a confirmation is good for. */
export type TokenContents = z.output<typeof contents>;

/** Texts that only this key's holders can make or read. */
export interface ConfirmationTokens {
  seal(contents: TokenContents): string;
  /** Undefined for what was altered, made up, or made under another key, or by another version. */
  open(token: string): TokenContents | undefined;
}

export function createConfirmationTokens(keys: SealingKeys): ConfirmationTokens {
  const sealer = createSealer(keys, "sluice confirmation 1");
  return {
    seal: (given) => sealer.seal(Buffer.from(JSON.stringify(given))),
    open(token) {
      const bytes = sealer.open(token);
      return bytes && contents.safeParse(JSON.parse(bytes.toString("utf8"))).data;
    },
  };
}
