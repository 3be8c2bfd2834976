import { ToolError } from "../core/errors.ts";
import { inTime } from "../core/in-time.ts";
import { answersWithin } from "./answer-deadline.ts";

type Providers = typeof import("@aws-sdk/credential-providers");
type Chain = ReturnType<Providers["fromNodeProviderChain"]>;

/** Keys, or what provides them, as clients of the AWS SDK take them. */
export type Credentials = NonNullable<
  Parameters<Providers["fromTemporaryCredentials"]>[0]["masterCredentials"]
>;

export interface AwsCredentialsOptions
  extends Pick<NonNullable<Parameters<Providers["fromNodeProviderChain"]>[0]>, "clientPlugins"> {
  /** Long enough for a program of `credential_process` that asks somebody. Default: 30 s. */
  timeoutMs?: number;
}

/**
 * The AWS SDK's own chain, reading its files anew for each client: they change under a running server. Every client has it:
 * the SDK waits for ever for a container's credentials, and whoever asks meanwhile waits with it. Throws `unavailable` where
 * they do not come in time; the next request asks anew.
 */
export function awsCredentials({
  timeoutMs = 30_000,
  clientPlugins = [],
}: AwsCredentialsOptions = {}): Chain {
  const plugins = [...clientPlugins, answersWithin({ wholeMs: timeoutMs })];
  let chain: Promise<Chain> | undefined;
  return async (identity) => {
    chain ??= import("@aws-sdk/credential-providers").then(({ fromNodeProviderChain }) =>
      fromNodeProviderChain({ ignoreCache: true, clientPlugins: plugins }),
    );
    const asked = chain;
    return inTime((await asked)(identity), timeoutMs, () => {
      // A chain lets all who ask wait for the one answer it waits for itself.
      if (chain === asked) chain = undefined;
      return tooLate(timeoutMs);
    });
  };
}

function tooLate(timeoutMs: number): ToolError {
  return new ToolError(
    "unavailable",
    "The server's AWS credentials cannot be had at the moment. Try again.",
    {
      cause: new Error(`no credentials within ${timeoutMs} ms`),
    },
  );
}
