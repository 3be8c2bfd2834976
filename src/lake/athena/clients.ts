import type { AthenaClient } from "@aws-sdk/client-athena";
import type { GlueClient } from "@aws-sdk/client-glue";
import { openCallClient } from "../../aws/open-call-client.ts";
import { ToolError } from "../../core/errors.ts";
import type { ServiceGuard } from "../../core/service-guard.ts";
import type { AthenaSettings, S3Settings } from "../settings.ts";
import { isServiceAnswer, isServiceFault, isStale, readS3Failure } from "../stores/s3-errors.ts";
import { orStopped } from "../stores/stopped.ts";
import { toAthenaError } from "./aws-errors.ts";

export interface AwsClients {
  athena: AthenaClient;
  glue: GlueClient;
}

/**
 * Sends requests to Athena and Glue. Everything it throws is a `ToolError`. `about` is what the request is about, for
 * messages. A credential that AWS no longer takes is read anew once.
 */
export interface AwsSender {
  send<T>(
    service: keyof AwsClients,
    about: string,
    signal: AbortSignal,
    run: (clients: AwsClients) => Promise<T>,
  ): Promise<T>;
  /** The region requests go to. */
  region(): Promise<string>;
  close(): void;
}

export interface AwsSenderOptions {
  settings: Pick<AthenaSettings, "region" | "endpoint">;
  /** Of a simulated AWS. Left out: the AWS SDK's own chain finds them. */
  credentials: S3Settings["credentials"];
  /** What a service is cut off by while it fails. */
  guard: ServiceGuard;
}

const answerMs = 20_000;

/** The clients are made, and their packages loaded, with the first request. */
export function createAwsSender(options: AwsSenderOptions): AwsSender {
  let made: Promise<AwsClients> | undefined;
  const clients = () => {
    made ??= makeClients(options);
    // A failure must not stick: the settings of the AWS SDK may be mended meanwhile.
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
  return {
    async send(service, about, signal, run) {
      const isFailure = (thrown: unknown) => isServiceFault(thrown, toAthenaError(thrown, about));
      const attempt = async () => {
        const own = await clients();
        const send = () => orStopped(run(own), signal);
        const target = { service, region: await own[service].config.region() };
        const judged = { isFailure, isAnswer: isServiceAnswer, hangsAfterMs: answerMs };
        return options.guard.run(target, { send, signal, ...judged });
      };
      try {
        return await orStopped(attempt(), signal).catch((thrown) => {
          const failure = readS3Failure(thrown);
          if (!failure || !isStale(failure)) throw thrown;
          made = undefined;
          return orStopped(attempt(), signal);
        });
      } catch (thrown) {
        throw toAthenaError(thrown, about);
      }
    },
    region: async () => (await clients()).athena.config.region(),
    close() {
      made?.then(
        ({ athena, glue }) => {
          athena.destroy();
          glue.destroy();
        },
        () => {},
      );
    },
  };
}

async function makeClients({ settings, credentials }: AwsSenderOptions): Promise<AwsClients> {
  const [{ AthenaClient }, { GlueClient }] = await Promise.all([
    import("@aws-sdk/client-athena"),
    import("@aws-sdk/client-glue"),
  ]);
  const { region, endpoint } = settings;
  const options = { region, endpoint, credentials, timeouts: { connectMs: 5_000, answerMs }, maxAttempts: 4 };
  const athena = openCallClient(AthenaClient, options);
  try {
    await athena.config.region();
  } catch (cause) {
    athena.destroy();
    throw new ToolError(
      "invalid_input",
      "No AWS region is set for Athena. Set AWS_REGION, a region in the AWS profile, or the setting lake.athena.region.",
      { cause },
    );
  }
  return { athena, glue: openCallClient(GlueClient, options) };
}
