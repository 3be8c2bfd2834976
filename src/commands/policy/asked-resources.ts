import type { AwsResource } from "../../core/aws-resource.ts";
import { UsageError } from "../frame/usage-error.ts";
import type { AskedResources } from "./decide.ts";

/** Flags that say what a call is to touch. */
export interface ResourceFlags {
  resource?: string | undefined;
  bucket?: string | undefined;
  account?: string | undefined;
  region?: string | undefined;
  cluster?: string | undefined;
  tag?: string | undefined;
}

/** Throws `UsageError` for flags that contradict one another, and for tags that are none. */
export function askedResources({ resource, bucket, tag, ...place }: ResourceFlags): AskedResources {
  if (resource !== undefined && bucket !== undefined)
    throw new UsageError("--bucket and --resource both say what is to be read: give one of them.");
  const { account, region, cluster } = place;
  const aws: AwsResource = {
    ...(account === undefined ? {} : { account }),
    ...(region === undefined ? {} : { region }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(tag === undefined ? {} : { tags: tagsOf(tag) }),
  };
  const uri = bucket === undefined ? resource : `s3://${bucket}${bucket.includes("/") ? "" : "/"}`;
  return { uri, ...(Object.keys(aws).length > 0 && { aws }) };
}

function tagsOf(text: string): Record<string, string> {
  const tags = text.split(",").map((tag) => {
    const equals = tag.indexOf("=");
    if (equals < 1) throw new UsageError(`--tag: ${JSON.stringify(tag)} is not key=value.`);
    return [tag.slice(0, equals), tag.slice(equals + 1)] as const;
  });
  return Object.fromEntries(tags);
}
