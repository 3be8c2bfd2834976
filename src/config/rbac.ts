import { z } from "zod";
import { members } from "./members.ts";
import { namesPrototype } from "./prototype-key.ts";
import { roleResources } from "./rbac-resources.ts";

const roleName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: ({ input }) => `${JSON.stringify(input)} is no role's name: up to 64 letters, digits, . _ and -`,
});

const toolPattern = z.string().regex(/^(?:\*|[a-z0-9_]+_\*|[a-z0-9_]+)$/, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is neither a tool's name, nor what some begin with and _* (lake_*), nor *`,
});

/** Compared as it is: nothing in it stands for anything else. */
const subject = z
  .string()
  .min(1)
  .max(1_024)
  .refine((text) => text !== "*", { error: "* names nobody here: what everybody has is rbac.default" });

const role = members({
  allow: z.array(toolPattern).default([]).describe("Tools by name, lake_* or *"),
  deny: z
    .array(toolPattern)
    .default([])
    .describe("Tools not to be had by whoever has this role; wins over every allow"),
  effects: z
    .array(z.enum(["read", "write", "destroy"]))
    .default(["read"])
    .describe("What the allowed tools may do"),
  resources: roleResources.optional().describe("What they may touch; left out, all that the server may"),
});

const binding = members({
  principals: z.array(subject).min(1).optional().describe("Ids of principals"),
  scopes: z.array(subject).min(1).optional().describe("Scopes of their tokens"),
  claims: z.array(subject).min(1).optional().describe("Roles their tokens claim"),
  tenants: z.array(subject).min(1).optional().describe("Only of these tenants"),
  roles: z.array(roleName).min(1).describe("The roles they have"),
}).refine(({ principals, scopes, claims }) => [principals, scopes, claims].filter(Boolean).length === 1, {
  error: "must name one of principals, scopes and claims",
});

const roles = z.record(roleName, role, {
  error: (issue) =>
    issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join("; ") : undefined,
});
const bindings = z.array(binding);
const defaultRoles = z.array(roleName);

/** What a policy's own file holds. */
const policyFile = members({ roles, bindings: bindings.default([]), default: defaultRoles.default([]) });

/** A policy as its file has it, parsed. Throws `ConfigError` for what is no YAML; a list of what is wrong in it. */
export async function readPolicy(text: string, path: string): Promise<PolicyText | readonly string[]> {
  const { parseYaml } = await import("./sources/parse-yaml.ts");
  const value = parseYaml(text, path);
  if (namesPrototype(value)) return ['"__proto__" is no name'];
  const parsed = policyFile.safeParse(value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${placeIn(path)}: ${message}` : message,
  );
}

type PolicyText = z.output<typeof policyFile>;

/** Where in a value something is, for people: `roles.analyst.allow item 2`. */
export function placeIn(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) =>
      typeof part === "number" ? ` item ${part + 1}` : `${at === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}

/** `rbac`. There is a policy when `roles` or `file` is set. */
export const rbacSettings = z
  .strictObject({
    roles: roles.optional().describe("What each role may do; setting it (or rbac.file) denies all the rest"),
    bindings: bindings.optional().describe("Who has which roles, by principal id, scope or claimed role"),
    default: defaultRoles.optional().describe("Roles that everybody has"),
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        "YAML or JSON file of roles, bindings and default in place of these; read again when it changes",
      ),
  })
  .superRefine(({ roles, bindings, default: ofEverybody, file }, context) => {
    const refuse = (name: string, message: string) =>
      context.addIssue({ code: "custom", path: [name], message });
    const given = Object.entries({ bindings, default: ofEverybody }).filter(
      ([, items]) => items !== undefined,
    );
    if (file !== undefined && roles !== undefined)
      refuse("file", "and rbac.roles are two places of one policy: set one of them");
    for (const [name] of given) {
      if (file !== undefined) refuse(name, "is of no use with rbac.file: write it there");
      else if (roles === undefined)
        refuse(name, "is set, and rbac.roles is not: everybody could do everything");
    }
  })
  .prefault({});
