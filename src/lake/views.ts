import { onceEach } from "../core/once-each.ts";
import type { OpenView } from "./open-view.ts";
import { type Reach, reachKey } from "./reach.ts";
import { RecentlyOpen } from "./recently-open.ts";

/** Views that are open beside the whole lake: as many as sets of rights are in use. */
const maxViews = 64;

/** The views of one lake, each opened when first asked for. */
export interface Views {
  get(reach: Reach): OpenView;
  close(): Promise<void>;
}

/** Remembers the 64 views last used. What is forgotten is closed when its calls have ended. */
export function createViews(open: (reach: Reach, key: string) => OpenView): Views {
  const known = new RecentlyOpen<OpenView>(maxViews);
  const keyOf = onceEach(reachKey);
  return {
    get(reach) {
      const key = keyOf(reach);
      const before = known.get(key);
      if (before) return before;
      const view = open(reach, key);
      known.set(key, view);
      return view;
    },
    close: () => known.close(),
  };
}
