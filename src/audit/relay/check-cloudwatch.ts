import type { CloudwatchSettings } from "../settings.ts";
import { makeLogsClient } from "./cloudwatch-client.ts";

/** A log group as it is; undefined where there is none of that name. `retentionDays` is absent where events never expire. */
export interface LogGroupFacts {
  retentionDays?: number | undefined;
}

/** Needs `logs:DescribeLogGroups`. Throws what CloudWatch Logs answers. */
export async function findLogGroup({
  logGroup,
  region,
  endpoint,
}: CloudwatchSettings): Promise<LogGroupFacts | undefined> {
  const { DescribeLogGroupsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const client = await makeLogsClient({ region, endpoint });
  try {
    // Those of longer names that begin so come after it.
    const request = new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroup, limit: 1 });
    const { logGroups = [] } = await client.send(request);
    const [found] = logGroups;
    return found?.logGroupName === logGroup ? { retentionDays: found.retentionInDays } : undefined;
  } finally {
    client.destroy();
  }
}
