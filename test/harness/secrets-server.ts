import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as ssm from "@aws-sdk/client-ssm";
import { AwsFault, type AwsJsonServer, startAwsJsonServer } from "./aws-json.ts";

export interface KeptSecrets {
  parameters?: Record<string, { Value: string; Type?: ssm.ParameterType }>;
  /** By name or ARN. */
  secrets?: Record<string, { SecretString?: string; SecretBinary?: Uint8Array }>;
}

export interface SecretsServer extends AwsJsonServer {
  kept: Required<KeptSecrets>;
  /** What every request is answered with, in place of a secret. */
  fault: AwsFault | undefined;
  /** The variables that have the AWS SDK ask here. */
  env: Record<string, string>;
}

/** Parameter Store and Secrets Manager on loopback: their wire format by the SDK's schemas. */
export async function startSecretsServer(given: KeptSecrets = {}): Promise<SecretsServer> {
  const kept = { parameters: {}, secrets: {}, ...given };
  const state: { fault: AwsFault | undefined } = { fault: undefined };
  const server = await startAwsJsonServer({
    services: { AmazonSSM: { ...ssm }, secretsmanager: { ...secretsManager } },
    disturb: () => state.fault,
    async handle({ operation, input }) {
      if (operation === "GetParameter") {
        const found = kept.parameters[input.Name];
        if (!found) throw new AwsFault("ParameterNotFound", "");
        const isCipher = found.Type === "SecureString" && input.WithDecryption !== true;
        return {
          Parameter: { Name: input.Name, Type: "String", ...found, ...(isCipher && { Value: "AQIC…" }) },
        };
      }
      const found = kept.secrets[input.SecretId];
      if (!found) {
        const message = "Secrets Manager can't find the specified secret.";
        throw new AwsFault("ResourceNotFoundException", message);
      }
      return { Name: input.SecretId, VersionStages: ["AWSCURRENT"], ...found };
    },
  });
  return Object.assign(state, server, {
    kept,
    env: {
      AWS_ENDPOINT_URL_SSM: server.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.endpoint,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
  });
}
