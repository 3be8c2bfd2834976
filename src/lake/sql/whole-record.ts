import type { Column } from "./engine.ts";

/** The one column of JSON records among which not one has a named value: `{}`, each as it stands. */
export const wholeRecord: Column = { name: "value", type: "JSON" };
