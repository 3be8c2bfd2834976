import type { ClientOptions } from "../../aws/make-client.ts";
import { SecretError } from "./secret-error.ts";

/** One request for a secret, with a client that is used for it alone. */
export interface AwsQuestion<T> {
  client: { config: { region(): Promise<string> }; destroy(): void };
  reference: string;
  /** The IAM action it takes. */
  action: string;
  send(): Promise<T>;
}

/** Of a client that asks for `name`. An ARN says which region to ask; else the AWS SDK's own chain does. */
export function clientOptions(name: string): ClientOptions {
  const [, region] = /^arn:[^:]+:[^:]+:([^:]+):/.exec(name) ?? [];
  return { region, timeouts: { connectMs: 5_000, answerMs: 10_000 }, maxAttempts: 3 };
}

/** Asks, and says what was wrong in words of ours: AWS's own may quote what was asked for. Throws `SecretError`. */
export async function askAws<T>({ client, reference, action, send }: AwsQuestion<T>): Promise<T> {
  try {
    const region = await client.config.region().catch(() => {
      throw new SecretError(
        `${reference}: no AWS region is set. Set AWS_REGION, or a region in the AWS profile`,
      );
    });
    return await send().catch((thrown: unknown) => {
      throw new SecretError(`${reference}: ${diagnose(thrown, action, region)}`);
    });
  } finally {
    client.destroy();
  }
}

const renew = "Log in again (aws sso login) or renew the credentials";
const refused = "AWS does not accept the credentials. Check the access key and its secret";
const undecryptable =
  "it is encrypted with a KMS key that cannot be used here. Grant kms:Decrypt on that key";

/** By the error's code. Sources: errors of GetParameter and GetSecretValue; AWS "Common errors". */
const words: Readonly<Record<string, string>> = {
  ExpiredTokenException: `the AWS credentials have expired. ${renew}`,
  ExpiredToken: `the AWS credentials have expired. ${renew}`,
  TokenProviderError: `the AWS login has expired or is missing. ${renew}`,
  UnrecognizedClientException: refused,
  InvalidSignatureException: refused,
  InvalidKeyId: undecryptable,
  DecryptionFailure: undecryptable,
  InvalidRequestException: "Secrets Manager does not give it now, as of a secret that is marked for deletion",
  ValidationException: "AWS does not take this for a name",
  InvalidParameterException: "AWS does not take this for a name",
  TimeoutError: "AWS did not answer in time",
};
const missing = new Set(["ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException"]);

function diagnose(thrown: unknown, action: string, region: string): string {
  const { name, code, message } = detailsOf(thrown);
  if (name === "AccessDeniedException")
    return `AWS denies it. Grant ${action}, and kms:Decrypt where a key of your own encrypts it`;
  if (missing.has(name)) return `not found in ${region}`;
  if (name === "CredentialsProviderError") {
    return /sso|token/i.test(message)
      ? `the AWS login has expired or is missing. ${renew}`
      : "no AWS credentials were found. Set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role";
  }
  const known = Object.hasOwn(words, name) ? words[name] : undefined;
  return known ?? `AWS could not be asked in ${region} (${code ?? name})`;
}

function detailsOf(thrown: unknown): { name: string; code: string | undefined; message: string } {
  if (!(thrown instanceof Error)) return { name: "unknown", code: undefined, message: "" };
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
  return { name: thrown.name, code, message: thrown.message };
}
