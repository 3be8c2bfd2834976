import { closest } from "../../core/suggest.ts";
import { assign, emptyLayer, type Layer, unknownSetting } from "../assignment.ts";
import { type SettingTree, variableOf } from "../leaves.ts";
import { laterSetting } from "../not-yet.ts";
import type { Environment } from "../platform.ts";
import { parseJson, readText } from "./text-value.ts";

/** The variable that names the settings file, as `--config` does. */
export const configVariable = "SLUICE_CONFIG";

/** Kubernetes sets these in every pod for a service that is named `sluice`. They are no settings. */
const serviceLinks = /^SLUICE_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Settings in `SLUICE_*` variables. A variable of a single setting wins over one of its whole group. */
export function readVariables(env: Environment, tree: SettingTree): Layer {
  const layer = emptyLayer();
  const paths = new Map([...tree.groups, ...tree.leaves.keys()].map((path) => [variableOf(path), path]));
  const names = Object.keys(env).filter((name) => /^SLUICE_/i.test(name) && !serviceLinks.test(name));
  const depth = (name: string) => paths.get(name)?.split(".").length ?? 0;
  for (const name of names.sort((a, b) => depth(a) - depth(b) || a.localeCompare(b))) {
    const value = env[name];
    const path = paths.get(name);
    if (value === undefined || name === configVariable) continue;
    if (path === undefined)
      layer.problems.push(unknownVariable(name, [...paths.keys(), configVariable], tree));
    else {
      const leaf = tree.leaves.get(path);
      assign(layer, tree, path, leaf ? readText(value, leaf) : parseJson(value), { kind: "variable", name });
    }
  }
  return layer;
}

function unknownVariable(name: string, known: readonly string[], tree: SettingTree): string {
  const path = name.slice("SLUICE_".length).toLowerCase().replaceAll("_", ".");
  if (laterSetting(path)) return unknownSetting(tree, path, { kind: "variable", name });
  const near = closest(name, known);
  return `${name} is no setting${near ? `: did you mean ${near}?` : ". See them with: sluice config"}`;
}
