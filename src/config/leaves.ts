import { z } from "zod";

/** How a setting's text from a flag or a variable is read before the schema sees it. */
export type LeafKind = "list" | "object" | "boolean" | "number" | "text";

/** One setting, as derived from the schema. */
export interface Leaf {
  /** Such as `lake.cache.maxBytes`. */
  path: string;
  kind: LeafKind;
  /** Such as `SLUICE_LAKE_CACHE_MAX_BYTES`. */
  variable: string;
  description: string;
  /** Never shown: the schema marks it `writeOnly`. */
  isSecret: boolean;
}

/** All settings, and the groups they lie in. */
export interface SettingTree {
  leaves: ReadonlyMap<string, Leaf>;
  /** Paths of groups, such as `lake.cache`. */
  groups: ReadonlySet<string>;
}

/** The variable of a setting or group: its path in capitals, words apart by `_`. */
export function variableOf(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(".", "_");
  return `SLUICE_${words.toUpperCase()}`;
}

/** Walks the schema. */
export function settingTree(schema: z.ZodObject): SettingTree {
  const leaves = new Map<string, Leaf>();
  const groups = new Set<string>();
  const walk = (object: z.ZodObject, prefix: string) => {
    for (const [name, field] of Object.entries(object.shape)) {
      const path = `${prefix}${name}`;
      const inner = unwrap(field);
      if (inner instanceof z.ZodObject) {
        groups.add(path);
        walk(inner, `${path}.`);
      } else {
        const { description = "", writeOnly } = z.globalRegistry.get(field as z.ZodType) ?? {};
        const isSecret = writeOnly === true;
        leaves.set(path, { path, kind: kindOf(inner), variable: variableOf(path), description, isSecret });
      }
    }
  };
  walk(schema, "");
  return { leaves, groups };
}

function unwrap(field: z.core.$ZodType): z.core.$ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodPrefault || field instanceof z.ZodOptional) {
    return unwrap(field.def.innerType);
  }
  return field;
}

function kindOf(field: z.core.$ZodType): LeafKind {
  if (field instanceof z.ZodArray) return "list";
  if (field instanceof z.ZodRecord) return "object";
  if (field instanceof z.ZodBoolean) return "boolean";
  if (field instanceof z.ZodNumber) return "number";
  return "text";
}
