import { z } from "zod";

/** A name that goes into principals, logs and sessions. */
export const plainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$/, {
  error: "holds letters, digits, _ . @ and - only, 128 at most",
});

/** One word of RFC 6749's `scope`. */
export const scopeName = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, { error: "is not one scope's name" });
