import { SecretError } from "./secret-error.ts";
import { readSecretFile } from "./secret-file.ts";

/** Whether a setting's value is a reference to a secret kept elsewhere. */
export function isSecretReference(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("secret://");
}

/**
 * Fetches what a reference names, without its last line break. `secret://file/run/secrets/key` is the content of
 * `/run/secrets/key`; `secret://ssm/<name>` and `secret://secretsmanager/<id>[#key]` are kept in AWS.
 * Throws `SecretError`.
 */
export async function fetchSecret(reference: string): Promise<string> {
  const [, kind, name = ""] = /^secret:\/\/([^/]*)(?:\/(.*))?$/.exec(reference) ?? [];
  const secret = (await fetchOfKind(reference, kind, name)).replace(/\r?\n$/, "");
  if (secret === "") throw new SecretError(`What ${reference} names is empty`);
  return secret;
}

/** The AWS SDK is loaded for secrets that are kept in AWS, and only for them. */
async function fetchOfKind(reference: string, kind: string | undefined, name: string): Promise<string> {
  if (kind === "file") return readSecretFile(name);
  if (kind === "ssm") return (await import("./ssm-parameter.ts")).fetchParameter(reference, name);
  if (kind === "secretsmanager")
    return (await import("./secrets-manager.ts")).fetchManagedSecret(reference, name);
  throw new SecretError(
    `${reference}: write secret://file/<absolute path>, secret://ssm/<name> or secret://secretsmanager/<name>`,
  );
}
