import type { FieldTypes } from "./field-types.ts";
import { dateShape, timestampShape, zonedShape } from "./time-shape.ts";
import {
  booleanShape,
  fractionShape,
  integerShape,
  longNumberShape,
  type ValueShape,
} from "./value-shape.ts";

/** Fifteen digits always come back from a double (IEEE 754). */
const exactDigits = 15;
/** Of whole numbers of 64 bits. */
const longDigits = 19;

/** What a column's fields may be. `quoted`: also in quotes; `quotedEmpty`: also `""`, which text always may be. */
export interface ColumnShape {
  /** "text" is whatever is no syntax, "nothing" only the empty field. */
  value: ValueShape | "text" | "nothing";
  quoted: boolean;
  quotedEmpty: boolean;
}

/** The spellings that leave a column's type, and what was noted of it, as they are. */
export function valueShapeOf(types: FieldTypes): ColumnShape["value"] {
  const { seen, integerDigits, scale, hasExponent } = types.state();
  if (seen === 0) return "nothing";
  switch (types.type().replace(/\(.*/, "")) {
    case "BIGINT":
      return integerShape(integerDigits <= exactDigits ? exactDigits : longDigits);
    case "HUGEINT":
      return integerShape(38);
    case "DOUBLE":
      return hasExponent || integerDigits + scale > exactDigits
        ? longNumberShape
        : fractionShape(exactDigits, exactDigits, exactDigits);
    case "DECIMAL":
      return fractionShape(integerDigits, scale, integerDigits + scale);
    case "BOOLEAN":
      return booleanShape;
    case "DATE":
      return dateShape;
    case "TIMESTAMP":
      return timestampShape;
    case "TIMESTAMP WITH TIME ZONE":
      return zonedShape;
    default:
      return "text";
  }
}

/**
 * Whether all that had the shape `before` is still read without loss as the type `after`, though of each value it is
 * not known what it was.
 */
export function staysExact(before: ColumnShape["value"], beforeType: string, after: string): boolean {
  if (before === "nothing" || after === "VARCHAR" || after === beforeType) return true;
  if (beforeType === "BIGINT") {
    const isExact = before !== "text" && before.key === `integer ${exactDigits}`;
    return after === "HUGEINT" || (after === "DOUBLE" && isExact);
  }
  if (beforeType === "DATE") return after === "TIMESTAMP";
  return beforeType.startsWith("DECIMAL") && after.startsWith("DECIMAL");
}

/** Whether it takes whole numbers that a double may not give back. */
export function isLongInteger(value: ColumnShape["value"]): boolean {
  return typeof value !== "string" && /^integer /.test(value.key) && value.key !== `integer ${exactDigits}`;
}
