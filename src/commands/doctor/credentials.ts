import type { Environment } from "../../config/platform.ts";
import { inTime } from "../../core/in-time.ts";
import { type Check, checkTimeoutMs, failed, ok, warning, wordsOf } from "./check.ts";

const name = "credentials";
const soonMs = 15 * 60_000;

/** Whether the AWS SDK's own chain finds credentials, and whether they still hold. Never says what they are. */
export async function checkCredentials(env: Environment, nowMs: number): Promise<Check> {
  const profile = env.AWS_PROFILE;
  const { fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
  try {
    const found = await inTime(
      fromNodeProviderChain()(),
      checkTimeoutMs,
      () => new Error(`no answer within ${checkTimeoutMs} ms`),
    );
    const from =
      env.AWS_ACCESS_KEY_ID && !profile
        ? "variables"
        : profile
          ? `profile ${profile}`
          : "the AWS SDK's chain";
    return judgeExpiry(found.expiration, from, profile, nowMs);
  } catch (thrown) {
    return explain(thrown, profile);
  }
}

function judgeExpiry(
  expiration: Date | undefined,
  from: string,
  profile: string | undefined,
  nowMs: number,
): Check {
  if (!expiration) return ok(name, `found in ${from}`);
  const leftMs = expiration.getTime() - nowMs;
  if (leftMs <= 0)
    return failed(name, `those of ${from} expired at ${expiration.toISOString()}`, loginHint(profile));
  if (leftMs < soonMs)
    return warning(name, `those of ${from} expire at ${expiration.toISOString()}`, loginHint(profile));
  return ok(name, `found in ${from}, good until ${expiration.toISOString()}`);
}

function explain(thrown: unknown, profile: string | undefined): Check {
  const words = wordsOf(thrown);
  if (/sso|login/i.test(words) && /expired|invalid|log ?in|refresh/i.test(words)) {
    return failed(
      name,
      `the SSO session${profile ? ` of profile ${profile}` : ""} has expired`,
      loginHint(profile),
    );
  }
  if (/profile/i.test(words) && /not (?:be )?found|could not/i.test(words)) {
    return failed(
      name,
      `the profile ${profile ?? "default"} is not in the AWS configuration files`,
      "Check AWS_PROFILE against: aws configure list-profiles",
    );
  }
  return failed(
    name,
    "the AWS SDK's chain finds none",
    "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role.",
  );
}

function loginHint(profile: string | undefined): string {
  return `Run: aws sso login${profile ? ` --profile ${profile}` : ""} (for SSO; else renew the credentials)`;
}
