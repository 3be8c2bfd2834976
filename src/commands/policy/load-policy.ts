import { ConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../config/load.ts";
import type { Settings } from "../../config/schema.ts";
import type { Registry } from "../../core/registry.ts";
import type { Confirmer } from "../../core/steps.ts";
import type { LakeSettings } from "../../lake/settings.ts";
import type { CompiledPolicy } from "../../policy/compile-policy.ts";
import type { CommandContext } from "../frame/command.ts";

/** What commands about the policy look at. */
export interface LoadedPolicy {
  settings: Settings;
  registry: Registry;
  lake: LakeSettings;
  /** Undefined where the settings name none. */
  policy: CompiledPolicy | undefined;
  /** The server's own: nothing is confirmed here. */
  confirmer: Pick<Confirmer, "refusesWrites">;
}

/** Reads settings and policy, with nothing of the lake opened. Throws `ConfigError` for a policy that cannot be used. */
export async function loadPolicy({ argv, terminal }: CommandContext): Promise<LoadedPolicy> {
  const { settings } = await loadConfig({ argv, surroundings: terminal.surroundings });
  const [{ lakeSettings, offeredRegistry }, { openAccess }, { openConfirmer }, { MemoryStore }] =
    await Promise.all([
      import("../../assemble.ts"),
      import("../../open-policy.ts"),
      import("../../open-confirmer.ts"),
      import("../../state/memory-store.ts"),
    ]);
  const registry = offeredRegistry(settings);
  const lake = lakeSettings(settings);
  const access = openAccess(settings, lake);
  await access?.loaded;
  access?.close();
  const state = access?.state();
  if (state && "problems" in state) throw new ConfigError(state.problems);
  const now = Date.now;
  const confirmer = openConfirmer(settings, new MemoryStore({ now }), now);
  return { settings, registry, lake, policy: state?.policy, confirmer };
}
