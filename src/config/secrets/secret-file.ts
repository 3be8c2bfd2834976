import { readFile } from "node:fs/promises";
import { SecretError } from "./secret-error.ts";

/** Where a file is. `name` is its absolute path without the first slash. */
export function secretFilePath(name: string): string {
  // On Windows the path starts with a drive: C:/secrets/key.
  return /^[A-Za-z]:[\\/]/.test(name) ? name : `/${name}`;
}

/** The content of a file of this name. Throws `SecretError`. */
export async function readSecretFile(name: string): Promise<string> {
  if (name === "")
    throw new SecretError("secret://file wants an absolute path: secret://file/run/secrets/key");
  const path = secretFilePath(name);
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new SecretError(`The secret's file ${path} cannot be read: ${cause.code}`);
  });
}
