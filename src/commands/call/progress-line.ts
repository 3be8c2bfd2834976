import type { Progress } from "../../core/tool.ts";
import { printable, type Terminal } from "../frame/terminal.ts";

/** Shown only for what takes longer: a line that flickers helps nobody. */
const showAfterMs = 1000;
const redrawMs = 200;
const maxChars = 78;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const eraseLine = "\r\u001b[2K";

export interface ProgressLine {
  report(update: Progress): void;
  /** Takes the line away. */
  end(): void;
}

/** The time a progress line goes by. */
export interface ProgressClock {
  /** Milliseconds since some moment; never goes back. */
  nowMs(): number;
  /** Calls `draw` every so many milliseconds until what it gave is called. */
  every(intervalMs: number, draw: () => void): () => void;
}

const realClock: ProgressClock = {
  nowMs: () => performance.now(),
  every(intervalMs, draw) {
    const timer = setInterval(draw, intervalMs);
    return () => clearInterval(timer);
  },
};

/** One line on a terminal that tells how far work has come. Nothing is written where nobody watches. */
export function showProgress(terminal: Terminal, clock: ProgressClock = realClock): ProgressLine {
  if (!terminal.errIsTty) return { report: () => {}, end: () => {} };
  const startedMs = clock.nowMs();
  let latest: Progress | undefined;
  let drawn = 0;
  const draw = () => {
    const elapsedMs = clock.nowMs() - startedMs;
    if (elapsedMs < showAfterMs) return;
    const text = `${frames[drawn++ % frames.length]} ${(elapsedMs / 1000).toFixed(0)} s  ${describe(latest)}`;
    terminal.errRaw(`${eraseLine}${text.slice(0, maxChars)}`);
  };
  const stop = clock.every(redrawMs, draw);
  return {
    report: (update) => {
      latest = update;
    },
    end: () => {
      stop();
      if (drawn > 0) terminal.errRaw(eraseLine);
      drawn = 0;
    },
  };
}

function describe(update: Progress | undefined): string {
  if (!update) return "working";
  const { done, total, message } = update;
  const share = total ? `${Math.min(100, Math.floor((100 * done) / total))} %` : "";
  // What a message says can come from an object's name: it must not write to the terminal by itself.
  return (
    [share, printable(message ?? "").replaceAll("\n", " ")].filter((part) => part !== "").join("  ") ||
    "working"
  );
}
