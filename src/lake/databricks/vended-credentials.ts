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
  /** For the AWS SDK, which asks with each request from a few minutes before they expire. */
  provide(): Promise<AwsIdentity>;
  /** S3 no longer takes those that were given last. */
  forget(): void;
}

/** How long credentials must hold to be given once more. */
const reusedMs = 60_000;

/** Credentials that are asked for anew when they run out. They are in this object and in the AWS SDK, and nowhere else. */
export function createVendedCredentials(
  vend: () => Promise<AwsIdentity>,
  now: () => number,
): VendedCredentials {
  let last: AwsIdentity | undefined;
  /** Whether a request has them yet: those that hold for less than a minute are good for one. */
  let isGiven = false;
  let flight: Promise<AwsIdentity> | undefined;
  const vendOnce = () => {
    flight ??= vend()
      .then((found) => {
        last = found;
        isGiven = false;
        return found;
      })
      .finally(() => {
        flight = undefined;
      });
    return flight;
  };
  const held = (leastMs: number) => (last && now() + leastMs < last.expiration.getTime() ? last : undefined);
  return {
    async ready(signal) {
      if (!held(0)) await orStopped(vendOnce(), signal);
    },
    async provide() {
      const found = held(isGiven ? reusedMs : 0) ?? (await vendOnce());
      isGiven = true;
      return found;
    },
    forget() {
      last = undefined;
    },
  };
}
