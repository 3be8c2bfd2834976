import { jsonDigest } from "../../core/digest.ts";
import type { ExportPlan, ExportQueryRequest } from "../lake.ts";
import { formatLocation } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { type ExportParts, findExport, resolveExport } from "./export-query.ts";

/**
 * Where an export would go, and whether it is there already. Writes nothing; reads no more than what names the object
 * takes. Throws as the export does, `conflict` where another object has the name.
 */
export async function planExport(
  parts: ExportParts,
  request: ExportQueryRequest,
  scope: LakeScope,
): Promise<ExportPlan> {
  const { exports, s3 } = parts.settings;
  const { location, identity } = await resolveExport(parts, request, scope);
  const earlier = await findExport(parts, location, identity, scope);
  const { method, kmsKeyId } = exports.encryption;
  const uri = formatLocation(location);
  return {
    uri,
    encryption: kmsKeyId === undefined ? method : `${method} (${kmsKeyId})`,
    ...(s3.region === undefined ? {} : { region: s3.region }),
    ...(earlier
      ? { there: { sizeBytes: earlier.object.sizeBytes, lastModified: earlier.object.lastModified } }
      : {}),
    stateSeen: jsonDigest([uri, earlier?.write], { encoding: "base64url", length: 22 }),
    // Nothing is overwritten, and the object of the first run is known by its mark.
    repeatableAs: jsonDigest([uri, identity], { encoding: "base64url", length: 22 }),
  };
}
