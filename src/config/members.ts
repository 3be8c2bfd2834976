import { z } from "zod";
import { closest } from "../core/suggest.ts";

/** An object with these members and no others; says which one was likely meant, and which are `later` versions'. */
export function members<Shape extends z.core.$ZodLooseShape>(shape: Shape, later: readonly string[] = []) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => unknownMember(key, known, later)).join("; ")
        : undefined,
  });
}

function unknownMember(key: string, known: readonly string[], later: readonly string[]): string {
  if (later.includes(key)) return `${key} is not in this version: nothing would hold it. Remove it`;
  const near = closest(key, known);
  return `${JSON.stringify(key)} is not known${near ? `: did you mean ${near}?` : `; there is ${known.join(", ")}`}`;
}
