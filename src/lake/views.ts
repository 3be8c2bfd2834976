import { onceEach } from "../core/once-each.ts";
import type { OpenView } from "./open-view.ts";
import { type Reach, reachKey } from "./reach.ts";
import { RecentMap } from "./recent-map.ts";

/** Views that are open beside the whole lake: as many as sets of rights are in use. */
const maxViews = 64;
/** By then no call uses a view that was forgotten. */
const longestCallMs = 60 * 60_000;

/** The views of one lake, each opened when first asked for. */
export interface Views {
  get(reach: Reach): OpenView;
  close(): Promise<void>;
}

/** Remembers the 64 views last used. What is forgotten is closed when its calls have ended. */
export function createViews(open: (reach: Reach, key: string) => OpenView): Views {
  const closing = new Map<OpenView, NodeJS.Timeout>();
  const known = new RecentMap<OpenView>(
    maxViews,
    () => 1,
    (view) => {
      const timer = setTimeout(() => {
        closing.delete(view);
        void view.close();
      }, longestCallMs);
      closing.set(view, timer.unref());
    },
  );
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
    async close() {
      for (const timer of closing.values()) clearTimeout(timer);
      await Promise.allSettled([...known.values(), ...closing.keys()].map((view) => view.close()));
      closing.clear();
    },
  };
}
