import { ConfigError } from "../config/config-error.ts";
import type { Check } from "./doctor/check.ts";
import { checkNode } from "./doctor/node-version.ts";
import { type CommandContext, defineCommand } from "./frame/command.ts";
import { type Opened, openDeps } from "./frame/open.ts";

/** `sluice doctor`: looks at everything Sluice needs here, and says how to mend what is wrong. */
export const doctor = defineCommand({
  name: "doctor",
  positionals: "",
  summary: "Checks settings, credentials, buckets, folders and workers, and says how to mend each",
  options: {
    json: { type: "boolean", describe: "Print JSON" },
    demo: { type: "boolean", describe: "Check with the sample lake" },
  },
  examples: [
    ["sluice doctor", "What works here, and what does not"],
    ["sluice doctor --json", "For a program"],
  ],
  async run({ json, demo }, context) {
    const { terminal } = context;
    const checks: Check[] = [];
    const add = (...more: Check[]) => {
      checks.push(...more);
      if (!json) for (const check of more) terminal.out(lineOf(check));
    };
    add(checkNode(process.version));
    const opened = await open(context, demo === true, add);
    if (opened) await checkOpened(opened, context, add).finally(opened.close);
    const wrong = checks.filter(({ status }) => status === "failed").length;
    if (json) terminal.out(JSON.stringify({ healthy: wrong === 0, checks }, undefined, 2));
    terminal.err(wrong === 0 ? "Nothing stands in the way." : `${wrong} of ${checks.length} checks failed.`);
    return wrong === 0 ? 0 : 1;
  },
});

type Add = (...checks: Check[]) => void;

async function open(context: CommandContext, demo: boolean, add: Add): Promise<Opened | undefined> {
  try {
    const opened = await openDeps(context, { demo, quietLevel: "silent" });
    const { file } = opened.config;
    add({ name: "settings", status: "ok", message: file ? `good; file ${file}` : "good; no settings file" });
    return opened;
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const mend = "Correct it; `sluice config schema` describes every setting.";
    add(...thrown.problems.map((message): Check => ({ name: "settings", status: "failed", message, mend })));
    return undefined;
  }
}

async function checkOpened({ deps, demo }: Opened, context: CommandContext, add: Add): Promise<void> {
  const { lake: settings } = deps.settings;
  const { env } = context.terminal.surroundings;
  const [disk, s3, { checkCredentials }, { checkQueryWorker }] = await Promise.all([
    import("./doctor/disk.ts"),
    import("./doctor/s3.ts"),
    import("./doctor/credentials.ts"),
    import("./doctor/query-worker.ts"),
  ]);
  if (settings.buckets.length > 0) {
    const { check, region } = await s3.checkRegion(settings.s3, env);
    add(check);
    if (!demo) add(await checkCredentials(env, Date.now()));
    const url =
      settings.s3.endpoint ??
      env.AWS_ENDPOINT_URL_S3 ??
      env.AWS_ENDPOINT_URL ??
      (region && `https://s3.${region}.amazonaws.com/`);
    if (url) add(await s3.checkClock(url, Date.now));
    add(...(await s3.checkBuckets(deps.lake, settings.buckets)));
  }
  if (settings.buckets.length + settings.localRoots.length === 0) {
    add({
      name: "data",
      status: "warning",
      message: "no bucket and no folder may be read",
      mend: "Set lake.buckets or lake.localRoots, or try: sluice demo",
    });
  }
  add(...(await disk.checkLocalRoots(settings.localRoots)));
  add(await disk.checkCache(settings.cache, settings.query.tempBytes), await checkQueryWorker(deps.lake));
}

const marks = { ok: "✓", warning: "!", failed: "✗" } as const;

function lineOf({ name, status, message, mend }: Check): string {
  return `${marks[status]} ${name}: ${message}${mend ? `\n    → ${mend}` : ""}`;
}
