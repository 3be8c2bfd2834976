import { randomBytes } from "node:crypto";
import { digestOfKey } from "../auth/api-keys.ts";
import { defineCommand } from "./frame/command.ts";
import { UsageError } from "./frame/usage-error.ts";

/** `sluice key`: a new API key with the hash that settings keep, or the hash of one there is. */
export const key = defineCommand({
  name: "key",
  positionals: "",
  summary: "Makes an API key and the hash that settings keep of it",
  options: {
    hash: { type: "boolean", describe: "Hash the key on standard input in place of making one" },
    json: { type: "boolean", describe: "Print JSON" },
  },
  examples: [
    ["sluice key", "A new key, and the line for auth.apiKeys"],
    ["sluice key --hash < key.txt", "The hash of a key there is"],
  ],
  async run({ hash, json }, { terminal }) {
    const given = hash ? terminal.readInput().trim() : undefined;
    if (given === "") throw new UsageError("There is no key on standard input.");
    // 256 random bits, with a beginning by which scanners of leaked secrets can tell it.
    const made = given ?? `sluice_${randomBytes(32).toString("base64url")}`;
    const sha256 = `sha256:${digestOfKey(made).toString("hex")}`;
    const shown = given === undefined ? { key: made, hash: sha256 } : { hash: sha256 };
    if (json) terminal.out(JSON.stringify(shown));
    else for (const [name, value] of Object.entries(shown)) terminal.out(`${name.padEnd(6)}${value}`);
    if (given === undefined)
      terminal.err(
        "The key is for the caller (header x-api-key) and is kept nowhere; the hash is for auth.apiKeys.",
      );
    return 0;
  },
});
