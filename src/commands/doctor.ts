import { ConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import type { Settings } from "../config/schema.ts";
import { checkAuditGaps } from "./doctor/audit-gaps.ts";
import { type Check, failed, ok, warning, wordsOf } from "./doctor/check.ts";
import { checkNode } from "./doctor/node-version.ts";
import { type CommandContext, defineCommand } from "./frame/command.ts";
import { openDeps } from "./frame/open.ts";

/** `sluice doctor`: looks at everything Sluice needs here, and says how to mend what is wrong. */
export const doctor = defineCommand({
  name: "doctor",
  positionals: "",
  summary:
    "Checks settings, credentials, buckets, tenants, folders, stores and sinks, and says how to mend each",
  options: {
    json: { type: "boolean", describe: "Print JSON" },
  },
  examples: [
    ["sluice doctor", "What works here, and what does not"],
    ["sluice doctor --json", "For a program"],
  ],
  async run({ json }, context) {
    const { terminal } = context;
    const checks: Check[] = [];
    const add = (...more: Check[]) => {
      checks.push(...more);
      if (!json) for (const check of more) terminal.out(lineOf(check));
    };
    add(checkNode(process.version));
    const settings = await checkSettings(context, add);
    if (settings) {
      await checkAround(settings, context, add);
      await checkLake(settings, context, add);
    }
    const wrong = checks.filter(({ status }) => status === "failed").length;
    if (json) terminal.out(JSON.stringify({ healthy: wrong === 0, checks }, undefined, 2));
    terminal.err(wrong === 0 ? "Nothing stands in the way." : `${wrong} of ${checks.length} checks failed.`);
    return wrong === 0 ? 0 : 1;
  },
});

type Add = (...checks: Check[]) => void;

async function checkSettings({ argv, terminal }: CommandContext, add: Add): Promise<Settings | undefined> {
  try {
    const { settings, file, warnings } = await loadConfig({ argv, surroundings: terminal.surroundings });
    const { loadPolicy } = await import("./policy/load-policy.ts");
    await loadPolicy({ argv, terminal });
    add(ok("settings", file ? `good; file ${file}` : "good; no settings file"));
    const mend = "Keep the key elsewhere, then make another one (sluice key): this one was in a file.";
    add(...warnings.map((message) => warning("settings", message, mend)));
    return settings;
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const mend = "Correct it; `sluice config schema` describes every setting.";
    add(...thrown.problems.map((message) => failed("settings", message, mend)));
    return undefined;
  }
}

/** What can be looked at before the lake is opened, and may be why it cannot be. */
async function checkAround(settings: Settings, { terminal }: CommandContext, add: Add): Promise<void> {
  const { lake } = settings;
  const { env } = terminal.surroundings;
  const [
    disk,
    s3,
    { checkCredentials },
    { checkIdentity },
    { checkAudit },
    { auditSettingsOf, auditTableOf, sinkSettingsOf },
  ] = await Promise.all([
    import("./doctor/disk.ts"),
    import("./doctor/s3.ts"),
    import("./doctor/credentials.ts"),
    import("./doctor/identity.ts"),
    import("./doctor/audit.ts"),
    import("../audit-settings.ts"),
  ]);
  add(...(await checkIdentity(settings)));
  if (lake.buckets.length > 0) {
    const { check, region } = await s3.checkRegion(lake.s3, env, settings.tenants !== undefined);
    add(check, await checkCredentials(env, Date.now()));
    const url = s3.endpointOf(lake.s3, env, region);
    if (url) add(await s3.checkClock(url, Date.now));
  } else if (lake.localRoots.length === 0 && !lake.databricks.host && !lake.athena.workgroup) {
    const mend = "Set lake.buckets or lake.localRoots, or try: sluice demo";
    add(warning("data", "no bucket and no folder may be read", mend));
  }
  add(...(await disk.checkLocalRoots(lake.localRoots)));
  add(await disk.checkCache(lake.cache.dir, disk.mostDiskBytes(lake)));
  add(...checkAuditGaps(settings));
  add(...(await checkAudit(auditSettingsOf(settings), auditTableOf(settings), sinkSettingsOf(settings))));
}

async function checkLake(settings: Settings, context: CommandContext, add: Add): Promise<void> {
  const [s3, { checkTenants }, { checkDatabricks }, { checkAthena }, { checkQueryWorker }, { checkState }] =
    await Promise.all([
      import("./doctor/s3.ts"),
      import("./doctor/tenants.ts"),
      import("./doctor/databricks.ts"),
      import("./doctor/athena.ts"),
      import("./doctor/query-worker.ts"),
      import("./doctor/state.ts"),
    ]);
  const [{ lakeSettings }, { stateSettings }] = await Promise.all([
    import("../assemble.ts"),
    import("../limit-settings.ts"),
  ]);
  try {
    const { deps, close } = await openDeps(context, { demo: false, quietLevel: "silent" });
    try {
      // With tenants, nothing is read with the server's own credentials.
      const buckets = settings.tenants
        ? checkTenants(deps.lake, lakeSettings(settings))
        : s3.checkBuckets(deps.lake, settings.lake.buckets);
      add(...(await buckets));
      add(...(await checkDatabricks(deps.lake, settings.lake.databricks)));
      add(...(await checkAthena(deps.lake.athena, settings.lake.athena)));
      add(await checkQueryWorker(deps.lake));
      add(...(await checkState(deps.state, stateSettings(settings.state))));
    } finally {
      await close();
    }
  } catch (thrown) {
    add(failed("lake", wordsOf(thrown), "The lake does not open: see the checks above."));
  }
}

const marks = { ok: "✓", warning: "!", failed: "✗" } as const;

function lineOf({ name, status, message, mend }: Check): string {
  return `${marks[status]} ${name}: ${message}${mend ? `\n    → ${mend}` : ""}`;
}
