import { findLogGroup } from "../../audit/relay/check-cloudwatch.ts";
import type { CloudwatchSettings, PostgresqlSettings } from "../../audit/settings.ts";
import { leastRetentionDays } from "../../core/least-retention.ts";
import { type Check, failed, ok, warning, wordsOf } from "./check.ts";
import { isRefusal } from "./refusal.ts";

/** Whether records can be inserted, now and next month, and nothing else can be done to them. */
export async function checkPostgresql(settings: PostgresqlSettings): Promise<Check> {
  const { checkPostgresqlSchema } = await import("../../audit/relay/check-postgresql.ts");
  const name = "audit sink postgresql";
  const migrate = "Run sluice audit migrate, with audit.postgresql.ownerUrl set.";
  try {
    const { blocking, weak } = await checkPostgresqlSchema(settings, new Date());
    if (blocking.length > 0) return failed(name, blocking.join("; "), migrate);
    if (weak.length === 0)
      return ok(name, `records may be inserted into ${settings.schema}, and not changed`);
    const mend = `${migrate} audit.postgresql.url must be of another role than the owner, and of no superuser.`;
    return warning(name, weak.join("; "), mend);
  } catch (thrown) {
    return failed(name, wordsOf(thrown), "Start the database, or correct audit.postgresql.url.");
  }
}

/** Whether the log group is there, and keeps events as long as the journal keeps records. */
export async function checkCloudwatch(settings: CloudwatchSettings, retentionDays: number): Promise<Check> {
  const name = "audit sink cloudwatch";
  const { logGroup } = settings;
  try {
    const found = await findLogGroup(settings);
    if (!found) {
      const mend = `Run: aws logs create-log-group --log-group-name ${logGroup} (or correct audit.cloudwatch.logGroup, region)`;
      return failed(name, `the log group ${logGroup} does not exist`, mend);
    }
    const kept = found.retentionDays;
    if (kept === undefined || kept >= retentionDays) return ok(name, `the log group ${logGroup} is there`);
    const mend = `Run: aws logs put-retention-policy --log-group-name ${logGroup}, with ${retentionDays} days or more.`;
    if (kept < leastRetentionDays) {
      const why = `${logGroup} keeps ${kept} days; audit records are to be kept for ${leastRetentionDays} or more`;
      return failed(name, why, mend);
    }
    return warning(name, `${logGroup} keeps ${kept} days, fewer than audit.retentionDays`, mend);
  } catch (thrown) {
    if (isRefusal(thrown)) {
      const mend = "Grant logs:DescribeLogGroups to whoever runs this.";
      return warning(name, `the log groups may not be looked at (${wordsOf(thrown)})`, mend);
    }
    const mend = "Set audit.cloudwatch.region or AWS_REGION, and check credentials and the network.";
    return failed(name, wordsOf(thrown), mend);
  }
}
