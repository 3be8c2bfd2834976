import type { CallPath } from "../core/call.ts";
import type { Connection } from "./connection.ts";
import type { Surface } from "./surface.ts";
import type { TaskRunner } from "./tasks/runner.ts";

/**
 * What one SDK server instance serves: one HTTP request, or one stdio connection. It belongs to one caller and
 * is never shared between two.
 */
export interface ServingUnit extends Connection {
  calls: CallPath;
  surface: Surface;
  tasks: TaskRunner;
  /** Set where whoever sends the answer of tools/list puts the tools into its text. */
  toolsFilledIn?: boolean;
}
