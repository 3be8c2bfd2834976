import { callCredentials, partsOfCallClient } from "../../aws/open-call-client.ts";
import { ToolError } from "../../core/errors.ts";
import { type ServiceGuard, unguardedServices } from "../../core/service-guard.ts";
import type { S3Settings, TenantSettings } from "../settings.ts";
import { regionFor } from "./aws-region.ts";
import { isClockRefused, isServiceAnswer, isServiceFault, readS3Failure } from "./s3-errors.ts";

/** How long a session is asked to last; what every role allows. Source: STS API reference, AssumeRole. */
const sessionSeconds = 3_600;
/** Renewed this long before its end, and up to as much again sooner, so that servers do not all ask at once. */
const renewBeforeMs = 5 * 60_000;
/** A session is not used in its last minute, in which it could end under a request. */
const unusableMs = 60_000;
const timeouts = { connectMs: 5_000, answerMs: 10_000 };

export interface RoleOptions extends Omit<TenantSettings, "buckets"> {
  tenantId: string;
  s3: Pick<S3Settings, "region" | "credentials">;
}

export interface RoleDeps {
  now(): number;
  /** What STS is cut off by while it fails. */
  guard?: ServiceGuard;
}

interface Session {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  endsMs: number;
  renewMs: number;
}

/** Credentials of a tenant's role. */
export interface RoleCredentials {
  /** Throws `denied` where STS refuses the role, `unavailable` where it gives no answer, `invalid_input` without a region. */
  provide(): Promise<{
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
    expiration: Date;
  }>;
  /** The next request asks STS anew. */
  forget(): void;
}

/** Keeps one session, and asks for the next one once however many wait for it. */
export function createRoleCredentials(
  options: RoleOptions,
  { now, guard = unguardedServices }: RoleDeps,
): RoleCredentials {
  const assume = createAssume(options, guard);
  let session: Session | undefined;
  let renewing: Promise<Session> | undefined;
  const renew = async (): Promise<Session> => {
    const held = session;
    try {
      const { expiration, ...given } = await assume();
      const endsMs = expiration?.getTime() ?? now();
      session = { ...given, endsMs, renewMs: endsMs - renewBeforeMs * (1 + Math.random()) };
      return session;
    } catch (thrown) {
      const fault = toRoleFault(thrown, options.tenantId);
      if (fault.retryable && held && held === session && now() < held.endsMs - unusableMs) return held;
      session = undefined;
      throw fault;
    }
  };
  return {
    async provide() {
      if (!session || now() >= session.renewMs) {
        renewing ??= renew().finally(() => {
          renewing = undefined;
        });
      }
      const { endsMs: _ends, renewMs: _renew, ...credentials } = await (renewing ?? (session as Session));
      // The AWS SDK keeps what is not past its end: this way it asks here, by this clock, for each request.
      return { ...credentials, expiration: new Date(0) };
    },
    forget() {
      session = undefined;
    },
  };
}

/** The account of a role's ARN, whose form the settings checked. */
export function accountOf(roleArn: string): string | undefined {
  return roleArn.split(":")[4];
}

function createAssume({ tenantId, roleArn, externalId, sessionTags, s3 }: RoleOptions, guard: ServiceGuard) {
  const tags = { ...sessionTags, tenant: tenantId };
  const make = async () => {
    const { fromTemporaryCredentials } = await import("@aws-sdk/credential-providers");
    const region = await regionFor(s3.region);
    const { clientPlugins, requestHandler } = partsOfCallClient(timeouts);
    const ask = fromTemporaryCredentials({
      clientPlugins: clientPlugins.map(appliedOnce),
      masterCredentials: s3.credentials ?? callCredentials(),
      clientConfig: {
        // Left to itself the AWS SDK would ask STS in us-east-1 where S3 is elsewhere than at AWS.
        region,
        requestHandler,
      },
      params: {
        RoleArn: roleArn,
        RoleSessionName: sessionName(tenantId),
        DurationSeconds: sessionSeconds,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      },
    });
    return { region, ask };
  };
  let made: ReturnType<typeof make> | undefined;
  return async () => {
    try {
      // Its client's budget of retries must outlast one request.
      made ??= make();
      const { region, ask } = await made;
      return await guard.run(
        { service: "sts", region, account: accountOf(roleArn) },
        {
          send: () => ask({}),
          // Whoever waits for it shares it.
          signal: new AbortController().signal,
          isFailure: (thrown) => isServiceFault(thrown),
          isAnswer: isServiceAnswer,
        },
      );
    } catch (thrown) {
      // The server's own credentials and settings may be mended meanwhile: a client that keeps them would be refused on.
      if (!(thrown instanceof ToolError && thrown.retryable) && !isServiceFault(thrown)) made = undefined;
      throw thrown;
    }
  };
}

/** The AWS SDK applies its plugins anew with each session it asks for, and each time they would count once more. */
function appliedOnce<P extends { applyToStack(stack: object): void }>(plugin: P): P {
  const stacks = new WeakSet<object>();
  return {
    ...plugin,
    applyToStack(stack: object) {
      if (stacks.has(stack)) return;
      stacks.add(stack);
      plugin.applyToStack(stack);
    },
  };
}

/** Letters, digits and `_ = , . @ + -`, 64 of them. */
function sessionName(tenantId: string): string {
  return `sluice-${tenantId.replace(/[^\w=,.@+-]/g, "-")}`.slice(0, 64);
}

/** In words of our own: those of AWS name accounts and roles. */
function toRoleFault(cause: unknown, tenantId: string): ToolError {
  if (cause instanceof ToolError) return cause;
  const failure = readS3Failure(cause);
  if (failure && isClockRefused(failure)) {
    const message =
      "AWS gives no credentials for your tenant: the server's clock differs from its own. Set the clock.";
    return new ToolError("unavailable", message, { cause });
  }
  const status = failure?.status;
  const name = cause instanceof Error ? cause.name : "";
  // An answer that broke off may have begun with 200.
  const isRefused =
    status !== undefined &&
    status >= 400 &&
    status < 500 &&
    status !== 429 &&
    !/Throttl|Expired|TooMany/.test(name);
  return isRefused
    ? new ToolError(
        "denied",
        `The role of the tenant ${JSON.stringify(tenantId)} was refused. Whoever runs this server finds why in its log (setting tenants).`,
        { cause, details: { setting: "tenants" } },
      )
    : new ToolError(
        "unavailable",
        "Credentials for your tenant cannot be had at the moment. Try again shortly.",
        { cause },
      );
}
