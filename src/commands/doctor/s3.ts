import type { Environment } from "../../config/platform.ts";
import type { Settings } from "../../config/schema.ts";
import { ToolError } from "../../core/errors.ts";
import type { Lake } from "../../lake/lake.ts";
import { isAwsEndpoint, regionFor } from "../../lake/stores/aws-region.ts";
import { type Check, checkTimeoutMs, failed, ok, warning, wordsOf } from "./check.ts";

type S3Settings = Settings["lake"]["s3"];

export interface FoundRegion {
  check: Check;
  region?: string;
}

/** The region requests go to, by the settings or the AWS SDK's own chain. `isNeeded`: also where S3 is no AWS server. */
export async function checkRegion(
  { region, endpoint }: S3Settings,
  env: Environment,
  isNeeded: boolean,
): Promise<FoundRegion> {
  try {
    const found = await regionFor(region);
    return {
      region: found,
      check: ok("region", region ? `${found}, by lake.s3.region` : `${found}, by the AWS SDK's chain`),
    };
  } catch {
    if (!isNeeded && endpoint !== undefined && !isAwsEndpoint(endpoint)) {
      return { check: ok("region", `none is set, and ${endpoint} needs none`) };
    }
    const other = env.AWS_DEFAULT_REGION
      ? ` AWS_DEFAULT_REGION is set, which the AWS SDK for JavaScript does not read.`
      : "";
    return {
      check: failed(
        "region",
        `none is set.${other}`,
        "Set AWS_REGION, a region in the AWS profile, or lake.s3.region.",
      ),
    };
  }
}

/** Where S3 answers: the configured endpoint, the AWS SDK's variables, or AWS itself. */
export function endpointOf(
  { endpoint }: S3Settings,
  env: Environment,
  region: string | undefined,
): string | undefined {
  const configured = endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  if (configured || region === undefined) return configured;
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

/** S3 refuses signatures made by a clock that is 15 minutes off. */
const refusedSkewMs = 15 * 60_000;
const noticedSkewMs = 60_000;

/** Compares this machine's clock to the Date header of S3's answer, which needs no credentials. */
export async function checkClock(url: string, now: () => number): Promise<Check> {
  let date: string | null;
  try {
    const response = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(checkTimeoutMs),
    });
    date = response.headers.get("date");
  } catch (thrown) {
    const cause =
      thrown instanceof Error && thrown.cause !== undefined ? wordsOf(thrown.cause) : wordsOf(thrown);
    return failed(
      "clock",
      `S3 does not answer at ${url} (${cause}), so the clock could not be compared`,
      "Check the network, a proxy, and lake.s3.endpoint.",
    );
  }
  const theirsMs = Date.parse(date ?? "");
  if (Number.isNaN(theirsMs))
    return warning("clock", `${url} sends no Date to compare with`, "Check this machine's clock by hand.");
  return judgeSkew(now() - theirsMs);
}

function judgeSkew(skewMs: number): Check {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const words = `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} S3's`;
  if (Math.abs(skewMs) >= refusedSkewMs)
    return failed("clock", `${words}: S3 refuses every request`, "Set this machine's clock, best by NTP.");
  if (Math.abs(skewMs) >= noticedSkewMs)
    return warning("clock", words, "Set this machine's clock, best by NTP: S3 refuses from 15 minutes on.");
  return ok("clock", seconds < 2 ? "agrees with S3's" : words);
}

/** Lists one key of every allowed bucket or prefix, as queries will. */
export async function checkBuckets(lake: Lake, buckets: Settings["lake"]["buckets"]): Promise<Check[]> {
  return Promise.all(
    buckets.map(async ({ bucket, prefix }) => {
      const name = `s3://${bucket}/${prefix}`;
      try {
        const signal = AbortSignal.timeout(checkTimeoutMs);
        const page = await lake.stores.list(
          { location: { kind: "s3", bucket, key: prefix }, maxKeys: 1 },
          signal,
        );
        return page.objects.length > 0
          ? ok(name, "can be listed")
          : warning(name, "can be listed, and is empty", "Check the name and prefix.");
      } catch (thrown) {
        const mend =
          thrown instanceof ToolError && thrown.code === "denied"
            ? "Grant s3:ListBucket and s3:GetObject on it."
            : "Check its name, region and network.";
        return failed(name, wordsOf(thrown), mend);
      }
    }),
  );
}
