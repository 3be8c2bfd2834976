import { z } from "zod";

/** Params of a list that fits one page. It gives out no cursors, so whoever sends one has it from elsewhere. */
export const onePageParams = z.looseObject({
  cursor: z.undefined({ error: "This list has one page: send no cursor." }).optional(),
});
