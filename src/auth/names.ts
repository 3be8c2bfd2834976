import { z } from "zod";

/** A name from outside that goes into principals and logs: bounded, and nothing in it that cannot be seen. */
export const outsideName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);

/** Roles, groups or scopes from outside. */
export const outsideNames = z.array(outsideName).max(500);
