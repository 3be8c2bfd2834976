import type { Settings } from "../../config/schema.ts";
import { ToolError } from "../../core/errors.ts";
import type { Lake } from "../../lake/lake.ts";
import { type Check, checkTimeoutMs, failed, ok, warning, wordsOf } from "./check.ts";

const mends: Partial<Record<string, string>> = {
  denied: "Renew the token or secret, and grant what is named above.",
  not_found: "Check the name in lake.databricks.allow, and what the principal may see.",
};

/** Asks the workspace for all that the settings name: what may be read, and the warehouse. Sends no statement. */
export async function checkDatabricks(
  { databricks }: Lake,
  { allow }: Settings["lake"]["databricks"],
): Promise<Check[]> {
  if (!databricks) return [];
  const signal = AbortSignal.timeout(checkTimeoutMs);
  const names = allow.map((parts) =>
    tried(parts.length === 0 ? "databricks catalogs" : `databricks://${parts.join(".")}`, async (name) => {
      await databricks.reach(parts, signal);
      return ok(name, "can be seen");
    }),
  );
  const warehouse = tried("databricks warehouse", async (name) => {
    const found = await databricks.warehouse(signal);
    if (!found) {
      const mend = "Set lake.databricks.warehouseId to read rows and run statements.";
      return warning(name, "none is set: tables can be listed and described only", mend);
    }
    const words = `${found.name || "unnamed"} is ${found.state.toLowerCase()}`;
    if (/^DELET/.test(found.state)) return failed(name, words, "Set lake.databricks.warehouseId to another.");
    return ok(name, found.state === "RUNNING" ? words : `${words}; the first statement starts it`);
  });
  return Promise.all([...names, warehouse]);
}

async function tried(name: string, check: (name: string) => Promise<Check>): Promise<Check> {
  try {
    return await check(name);
  } catch (thrown) {
    const code = thrown instanceof ToolError ? thrown.code : "";
    return failed(name, wordsOf(thrown), mends[code] ?? "Check lake.databricks.host and the network.");
  }
}
