import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { openClient } from "../../aws/open-client.ts";
import { jsonIn } from "../../core/json-in.ts";
import { isRecord } from "../../core/record.ts";
import { askAws, clientOptions } from "./ask-aws.ts";
import { SecretError } from "./secret-error.ts";

/**
 * The current text of a secret, by its name or ARN; with `#key`, that member of the JSON object it holds.
 * Throws `SecretError`. Source: Secrets Manager API, GetSecretValue.
 */
export async function fetchManagedSecret(reference: string, name: string): Promise<string> {
  // No secret's name has a #.
  const [, id = "", key] = /^([^#]*)(?:#(.*))?$/.exec(name) ?? [];
  if (id === "" || key === "")
    throw new SecretError(
      `${reference}: write secret://secretsmanager/<name>, or …/<name>#<key> for a member of the JSON it holds`,
    );
  const client = openClient(SecretsManagerClient, clientOptions(id));
  const { SecretString } = await askAws({
    ...{ client, reference, action: "secretsmanager:GetSecretValue" },
    send: () => client.send(new GetSecretValueCommand({ SecretId: id })),
  });
  if (SecretString === undefined)
    throw new SecretError(`${reference} is binary: settings are texts, so keep it as one`);
  return key === undefined ? SecretString : memberOf(SecretString, key, reference);
}

/** Says nothing of what the secret holds, not even where it stops being JSON. */
function memberOf(text: string, key: string, reference: string): string {
  const held = jsonIn(text);
  if (!isRecord(held)) throw new SecretError(`${reference}: what the secret holds is no JSON object`);
  if (!Object.hasOwn(held, key)) throw new SecretError(`${reference}: the secret's JSON has no such member`);
  const value = held[key];
  if (typeof value === "string") return value;
  // Ports and the like. A longer number would not be the one that was written.
  if (Number.isSafeInteger(value)) return String(value);
  throw new SecretError(`${reference}: that member of the secret's JSON is no text`);
}
