import { type CommandContext, defineCommand } from "./frame/command.ts";
import { UsageError } from "./frame/usage-error.ts";
import { type AskedCaller, askedCaller, describeCaller } from "./policy/asked-caller.ts";
import { askedResources } from "./policy/asked-resources.ts";
import { completePolicy } from "./policy/complete-policy.ts";
import { type Decision, decide } from "./policy/decide.ts";
import { loadPolicy } from "./policy/load-policy.ts";

/** `sluice policy explain`: whether a principal may call a tool, and which rule says so. */
export const policy = defineCommand({
  name: "policy",
  positionals: "<what> <principal> <tool>",
  describePositionals: {
    what: "explain: say whether the principal may call the tool, and why",
    principal:
      "The principal's id, such as jwt:ann or key:ci (local: whoever uses stdio or a server without identities)",
    tool: "A tool's name or alias",
  },
  summary: "Explains what the policy (setting rbac) lets whom do",
  options: {
    role: {
      type: "string",
      requiresArg: true,
      describe:
        "Roles the principal's token claims, by commas (default: those the settings give it, else none)",
    },
    scope: {
      type: "string",
      requiresArg: true,
      describe: "Scopes of the principal's token, by commas (default: as roles)",
    },
    tenant: {
      type: "string",
      requiresArg: true,
      describe: "The principal's tenant (default: the settings', else default)",
    },
    resource: {
      type: "string",
      requiresArg: true,
      describe: "What the call is to touch: s3://bucket/key, a path",
    },
    bucket: { type: "string", requiresArg: true, describe: "The same of a bucket: name, or name/prefix/" },
    account: { type: "string", requiresArg: true, describe: "AWS account of what the call is to touch" },
    region: { type: "string", requiresArg: true, describe: "Its region" },
    cluster: { type: "string", requiresArg: true, describe: "Its ECS cluster, by name or ARN" },
    tag: { type: "string", requiresArg: true, describe: "All its tags, key=value, by commas" },
    json: { type: "boolean", describe: "Print JSON" },
  },
  examples: [
    ["sluice policy explain jwt:ann lake_query", "Exit code 0: allowed, 1: denied"],
    [
      "sluice policy explain jwt:ann lake_query --role analysts --scope lake.read",
      "With what her token says",
    ],
    [
      "sluice policy explain jwt:ann lake_read_rows --resource s3://sales/2026/ --json",
      "Of one place, for a program",
    ],
  ],
  complete: async () => ["explain"],
  completeFurther: completePolicy,
  async run({ positionals, role, scope, tenant, json, ...asked }, context) {
    const { what, principal: id, tool: name } = positionals;
    if (what !== "explain") throw new UsageError(`"sluice policy ${what}" is not known: write explain.`);
    const loaded = await loadPolicy(context);
    const found = loaded.registry.find(String(name));
    if (!found) {
      const near = loaded.registry.suggest(String(name));
      throw new UsageError(`"${name}" is not a tool offered here${near ? `: did you mean "${near}"?` : "."}`);
    }
    const { tool } = found;
    const { principal, caller } = askedCaller(String(id), { role, scope, tenant }, loaded.settings.auth);
    const decision = decide(loaded, principal, tool, askedResources(asked));
    if (json) {
      const said = { tool: tool.name, effect: tool.effect, ...decision, caller };
      context.terminal.out(JSON.stringify(said, undefined, 2));
    } else print(decision, caller, context);
    return decision.allowed ? 0 : 1;
  },
});

function print(decision: Decision, caller: AskedCaller, { terminal }: CommandContext): void {
  const { allowed, why, held, rules, resource, aws } = decision;
  terminal.out(`${allowed ? "allowed" : "denied"}: ${why}`);
  for (const { role, setting, value } of rules) terminal.out(`  role ${role}: ${setting} has ${value}`);
  for (const { role, rule, by } of held) terminal.out(`  has the role ${role} by ${rule}: ${by}`);
  if (resource) terminal.out(`  ${resource.uri}: ${resource.why} (${resource.setting})`);
  if (aws) terminal.out(`  AWS: ${aws.why} (${aws.setting})`);
  if (aws && aws.unsaid.length > 0) terminal.out(`  not said, so not judged: ${aws.unsaid.join(", ")}`);
  terminal.err(describeCaller(caller));
  for (const hint of caller.hints) terminal.err(hint);
}
