import { orStopped } from "../stores/stopped.ts";

/** Temporary credentials as the AWS SDK takes them. */
export interface AwsIdentity {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

export interface VendedCredentials {
  /** Asks for some where none that hold were given yet. Throws what asking throws. */
  ready(signal: AbortSignal): Promise<void>;
  /** For the AWS SDK, which keeps what it is given until a few minutes before it expires: others each time. */
  provide(): Promise<AwsIdentity>;
}

/** Credentials that are asked for anew when they run out. They are in this object and in the AWS SDK, and nowhere else. */
export function createVendedCredentials(
  vend: () => Promise<AwsIdentity>,
  now: () => number,
): VendedCredentials {
  let untilMs = Number.NEGATIVE_INFINITY;
  let flight: Promise<AwsIdentity> | undefined;
  /** Asked for to see whether they are given; the next request takes them. */
  let unused: AwsIdentity | undefined;
  const vendNew = async () => {
    const found = await vend();
    untilMs = found.expiration.getTime();
    return found;
  };
  return {
    async ready(signal) {
      if (now() < untilMs) return;
      flight ??= vendNew().finally(() => {
        flight = undefined;
      });
      unused = await orStopped(flight, signal);
    },
    async provide() {
      const found = unused;
      unused = undefined;
      return found && now() < found.expiration.getTime() ? found : vendNew();
    },
  };
}
