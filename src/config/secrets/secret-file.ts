import { readFile } from "node:fs/promises";
import { SecretError } from "./secret-error.ts";

/** The content of a file. `name` is its absolute path without the first slash. Throws `SecretError`. */
export async function readSecretFile(name: string): Promise<string> {
  if (name === "")
    throw new SecretError("secret://file wants an absolute path: secret://file/run/secrets/key");
  // On Windows the path starts with a drive: C:/secrets/key.
  const path = /^[A-Za-z]:[\\/]/.test(name) ? name : `/${name}`;
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new SecretError(`The secret's file ${path} cannot be read: ${cause.code}`);
  });
}
