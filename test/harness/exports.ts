import type { LakeSettings } from "../../src/lake/settings.ts";

type ExportSettings = NonNullable<LakeSettings["exports"]>;

/** Exports below `exports/` of the lake's bucket. */
export function exportSettings(method: ExportSettings["encryption"]["method"]): ExportSettings {
  return {
    buckets: [{ bucket: "lake", prefix: "exports/" }],
    expiresMs: 3_600_000,
    maxExpiresMs: 7_200_000,
    maxBytes: 64 * 1024 ** 2,
    encryption: { method },
  };
}
