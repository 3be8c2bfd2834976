import { apiKeyHeader } from "../../auth/api-keys.ts";
import { fetchSecret, isSecretReference } from "../../config/secrets/fetch-secret.ts";
import { SecretError } from "../../config/secrets/secret-error.ts";
import { UsageError } from "./usage-error.ts";

/** Flags of commands that speak to a server. */
export const credentialOptions = {
  key: {
    type: "string",
    requiresArg: true,
    describe:
      "API key for --url; as secret://file/<path>, secret://ssm/<name> or secret://secretsmanager/<name> it stays out of the process list",
  },
  token: {
    type: "string",
    requiresArg: true,
    describe: "Access token for --url, or a secret:// reference as for --key",
  },
} as const;

export interface GivenCredential {
  key: string | undefined;
  token: string | undefined;
  /** What the credential is for. */
  url: string | undefined;
}

/** The headers that prove who calls; none where neither flag is given. Throws `UsageError`. */
export async function credentialHeaders({
  key,
  token,
  url,
}: GivenCredential): Promise<Record<string, string>> {
  if (key === undefined && token === undefined) return {};
  if (key !== undefined && token !== undefined) throw new UsageError("--key and --token exclude each other.");
  if (url === undefined) throw new UsageError("--key and --token are for a server: give its --url too.");
  if (key !== undefined) return { [apiKeyHeader]: await read("--key", key) };
  return { authorization: `Bearer ${await read("--token", token ?? "")}` };
}

async function read(flag: string, given: string): Promise<string> {
  if (!isSecretReference(given)) return given;
  return fetchSecret(given).catch((thrown: unknown) => {
    throw thrown instanceof SecretError ? new UsageError(`${flag}: ${thrown.message}.`) : thrown;
  });
}
