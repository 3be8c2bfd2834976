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

/** One line on a terminal that tells how far work has come. Nothing is written where nobody watches. */
export function showProgress(terminal: Terminal): ProgressLine {
  if (!terminal.errIsTty) return { report: () => {}, end: () => {} };
  const startedMs = performance.now();
  let latest: Progress | undefined;
  let drawn = 0;
  const draw = () => {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs < showAfterMs) return;
    const text = `${frames[drawn++ % frames.length]} ${(elapsedMs / 1000).toFixed(0)} s  ${describe(latest)}`;
    terminal.errRaw(`${eraseLine}${text.slice(0, maxChars)}`);
  };
  const timer = setInterval(draw, redrawMs);
  return {
    report: (update) => {
      latest = update;
    },
    end: () => {
      clearInterval(timer);
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
