import { readFile } from "node:fs/promises";

/** A problem with a `secret://` reference. Its message never holds the secret. */
export class SecretError extends Error {}

/** Whether a setting's value is a reference to a secret kept elsewhere. */
export function isSecretReference(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("secret://");
}

/**
 * Fetches what a reference names. `secret://file/run/secrets/key` is the content of `/run/secrets/key` without
 * its last line break. Throws `SecretError`.
 */
export async function fetchSecret(reference: string): Promise<string> {
  const [, kind, name = ""] = /^secret:\/\/([^/]*)(\/.*)?$/.exec(reference) ?? [];
  if (kind === "file") return readSecretFile(name);
  if (kind === "ssm" || kind === "secretsmanager") {
    throw new SecretError(`${reference}: secret://${kind} is not in this version; use secret://file/…`);
  }
  throw new SecretError(`${reference}: write secret://file/<absolute path>`);
}

async function readSecretFile(name: string): Promise<string> {
  // On Windows the path after the slash starts with a drive: /C:/secrets/key.
  const path = name.replace(/^\/(?=[A-Za-z]:[\\/])/, "");
  if (path.length < 2)
    throw new SecretError("secret://file wants an absolute path: secret://file/run/secrets/key");
  try {
    const secret = (await readFile(path, "utf8")).replace(/\r?\n$/, "");
    if (secret === "") throw new SecretError(`The secret's file ${path} is empty`);
    return secret;
  } catch (cause) {
    if (cause instanceof SecretError) throw cause;
    throw new SecretError(
      `The secret's file ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
    );
  }
}
