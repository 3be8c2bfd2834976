import { isRecord } from "../core/record.ts";
import { closest } from "../core/suggest.ts";
import type { SettingTree } from "./leaves.ts";
import { laterSetting } from "./not-yet.ts";
import { namesPrototype } from "./prototype-key.ts";

/** Where a value came from. */
export interface Origin {
  kind: "default" | "file" | "variable" | "flag" | "demo";
  /** The file's path, the variable's name or the flag, as the user wrote it. Empty for defaults. */
  name: string;
}

/** One setting given by one source. */
export interface Assignment {
  path: string;
  value: unknown;
  origin: Origin;
}

/** What a source holds. Problems are collected, so that users mend all of them at once. */
export interface Layer {
  assignments: Assignment[];
  problems: string[];
}

export function emptyLayer(): Layer {
  return { assignments: [], problems: [] };
}

/** Takes a value apart into settings: an object at a group's path gives one assignment per leaf in it. */
export function assign(layer: Layer, tree: SettingTree, path: string, value: unknown, origin: Origin): void {
  if (tree.leaves.has(path)) {
    if (value === null || value === undefined)
      layer.problems.push(`${path} (${origin.name}) is empty: give it a value or leave it out`);
    else if (namesPrototype(value)) layer.problems.push(`${path} (${origin.name}): "__proto__" is no name`);
    else layer.assignments.push({ path, value, origin });
  } else if (path !== "" && !tree.groups.has(path)) {
    layer.problems.push(unknownSetting(tree, path, origin));
  } else if (guards.has(path) && isEmpty(value)) {
    layer.problems.push(`${path} (${origin.name}) is empty and would guard nothing: set it or leave it out`);
  } else if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) {
      assign(layer, tree, path === "" ? name : `${path}.${name}`, inner, origin);
    }
  } else if (value !== null && value !== undefined) {
    layer.problems.push(
      `${path === "" ? "The settings" : path} (${origin.name}) must be an object of settings`,
    );
  }
}

/** Groups that are named to be held to. */
const guards = new Set(["rbac"]);

function isEmpty(value: unknown): boolean {
  return value === null || (isRecord(value) && Object.keys(value).length === 0);
}

/** Says that no such setting exists, and which was likely meant. */
export function unknownSetting(tree: SettingTree, path: string, origin: Origin): string {
  const later = laterSetting(path);
  if (later) return `${path} (${origin.name}): ${later} is not in this version. Remove it`;
  const near = closest(path, [...tree.leaves.keys(), ...tree.groups]);
  return `${path} (${origin.name}) is no setting${near ? `: did you mean ${near}?` : ". See them with: sluice config"}`;
}
