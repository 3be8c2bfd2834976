import type { DetectedFormat } from "../formats/format.ts";
import type { DataFile } from "./dataset.ts";

/** A file and what its first bytes say of it. */
export interface SniffedFile {
  file: DataFile;
  detected: DetectedFormat;
}
