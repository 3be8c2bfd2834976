import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { openClient } from "../../aws/open-client.ts";
import { askAws, clientOptions } from "./ask-aws.ts";
import { SecretError } from "./secret-error.ts";

/**
 * The decrypted value of a parameter. `prod/sluice/key` is the parameter `/prod/sluice/key`: a name of several parts
 * begins with a slash. `key` is `key`, `/key` is `/key`; ARNs and `name:version` are good too.
 * Throws `SecretError`. Source: Systems Manager API, GetParameter.
 */
export async function fetchParameter(reference: string, name: string): Promise<string> {
  if (name === "")
    throw new SecretError("secret://ssm wants a parameter's name: secret://ssm/prod/sluice/key");
  const isWithoutSlash = name.includes("/") && !/^(\/|arn:)/.test(name);
  const client = openClient(SSMClient, clientOptions(name));
  const command = new GetParameterCommand({
    Name: isWithoutSlash ? `/${name}` : name,
    WithDecryption: true,
  });
  const { Parameter } = await askAws({
    ...{ client, reference, action: "ssm:GetParameter" },
    send: () => client.send(command),
  });
  if (Parameter?.Type === "StringList") {
    throw new SecretError(`${reference} is a list (StringList): keep the secret as String or SecureString`);
  }
  return Parameter?.Value ?? "";
}
