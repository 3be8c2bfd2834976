import { z } from "zod";
import { closest } from "../core/suggest.ts";

/** An object with these members and no others; says which one was likely meant. */
export function members<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => unknownMember(key, known)).join("; ")
        : undefined,
  });
}

function unknownMember(key: string, known: readonly string[]): string {
  const near = closest(key, known);
  return `${JSON.stringify(key)} is not known${near ? `: did you mean ${near}?` : `; there is ${known.join(", ")}`}`;
}
