import type { AnchorSettings } from "../settings.ts";
import type { AnchorStore } from "./anchors.ts";
import { createFolderAnchors } from "./folder-anchors.ts";
import { createS3Anchors } from "./s3-anchors.ts";

/** Where the settings have anchors kept. */
export function openAnchors(settings: AnchorSettings): AnchorStore {
  return settings.kind === "folder" ? createFolderAnchors(settings.folder) : createS3Anchors(settings);
}
