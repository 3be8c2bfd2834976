import { randomUUID } from "node:crypto";
import { ToolError } from "../../core/errors.ts";
import { describeTable } from "../../state/dynamodb-table.ts";
import { ProbeFault, probeStore, type StoreAct } from "../../state/probe-store.ts";
import type { StateSettings } from "../../state/settings.ts";
import type { StateStore } from "../../state/store.ts";
import { type Check, failed, ok, warning, wordsOf } from "./check.ts";
import { isRefusal } from "./refusal.ts";

const mends: Record<StateStore["kind"], string> = {
  memory: "",
  dynamodb:
    "Check state.dynamodb, its table (partition key tenant_id, sort key item), and that the server may read and write it.",
  redis: "Check state.redis.url, its user and password, and the network.",
};

const actions: Record<StoreAct, string> = {
  put: "dynamodb:PutItem",
  get: "dynamodb:GetItem",
  update: "dynamodb:UpdateItem",
  delete: "dynamodb:DeleteItem",
};

/** Looks at the shared store, and tries in it what servers do. A store of this process alone needs no look. */
export async function checkState(store: StateStore, settings: StateSettings): Promise<Check[]> {
  if (!store.isShared) return [];
  const table = settings.store === "dynamodb" ? await checkTable(settings.dynamodb) : [];
  if (table.some(({ status }) => status === "failed")) return table;
  return [...table, await checkItems(store)];
}

async function checkTable(settings: Parameters<typeof describeTable>[0]): Promise<Check[]> {
  const name = `table ${settings.table}`;
  try {
    const { wrong, lacking } = await describeTable(settings);
    if (wrong.length > 0) return [failed(name, wrong.join("; "), "Make it anew as docs/limits.md says.")];
    if (lacking.length === 0) return [ok(name, "has the key it needs, and removes what has ended")];
    const mend = `Run: aws dynamodb update-time-to-live --table-name ${settings.table} --time-to-live-specification Enabled=true,AttributeName=expires_at`;
    return [warning(name, `${lacking.join("; ")}: what has ended is never removed`, mend)];
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ResourceNotFoundException") {
      const mend = "Make it as docs/limits.md says, or correct state.dynamodb.table and its region.";
      return [failed(name, "does not exist", mend)];
    }
    if (isRefusal(thrown)) {
      const mend = "Grant dynamodb:DescribeTable and dynamodb:DescribeTimeToLive to whoever runs this.";
      return [warning(name, `may not be looked at (${wordsOf(thrown)})`, mend)];
    }
    return [failed(name, wordsOf(thrown), mends.dynamodb)];
  }
}

async function checkItems(store: StateStore): Promise<Check> {
  const name = `state in ${store.kind}`;
  try {
    await probeStore(store, randomUUID(), Date.now);
    return ok(name, "an item was put, read, counted and removed");
  } catch (thrown) {
    const act = thrown instanceof ProbeFault ? thrown.act : undefined;
    const cause = (thrown instanceof Error && thrown.cause) || thrown;
    const reason = cause instanceof ToolError && cause.cause !== undefined ? cause.cause : cause;
    const mend =
      act && store.kind === "dynamodb" && isRefusal(reason)
        ? `Grant ${actions[act]} on the table.`
        : mends[store.kind];
    return failed(name, `${act ? `does not ${act} an item: ` : ""}${wordsOf(reason)}`, mend);
  }
}
