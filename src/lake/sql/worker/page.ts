import { ToolError } from "../../../core/errors.ts";
import { jsonSizeBytes } from "../../../core/results.ts";

/** Refuses a row that alone is over the byte bound, by the column that takes most of it. */
export function rowTooLarge(names: readonly string[], row: readonly unknown[], maxBytes: number): ToolError {
  const sizes = row.map(jsonSizeBytes);
  const largest = sizes.indexOf(Math.max(...sizes));
  const name = names[largest] ?? "";
  return new ToolError(
    "too_large",
    `One row takes ${sizes.reduce((sum, size) => sum + size, 2)} bytes, ${sizes[largest]} of them in column "${name}"; ${maxBytes} are allowed. Select part of that column, such as left("${name}", 1000).`,
    { details: { column: name, maxBytes } },
  );
}
