import type { Terminal } from "../../src/commands/frame/terminal.ts";
import type { Environment } from "../../src/config/platform.ts";

/** A terminal that keeps what is written to it. */
export interface RecordingTerminal extends Terminal {
  /** Lines of standard output. */
  outLines: string[];
  /** Lines of standard error. */
  errLines: string[];
  /** What was written to standard error as it is. */
  raw: string[];
}

export interface TerminalOptions {
  env?: Environment;
  cwd?: string;
  home?: string;
  input?: string;
  errIsTty?: boolean;
  inIsTty?: boolean;
  /** What is answered to each question. */
  reply?: string;
}

export function recordingTerminal(options: TerminalOptions = {}): RecordingTerminal {
  const { env = {}, cwd = "/nowhere", home = "/nowhere", input = "", reply = "" } = options;
  const { errIsTty = false, inIsTty = false } = options;
  const [outLines, errLines, raw]: string[][] = [[], [], []];
  return {
    outLines: outLines ?? [],
    errLines: errLines ?? [],
    raw: raw ?? [],
    out: (text) => outLines?.push(text),
    err: (text) => errLines?.push(text),
    errRaw: (text) => raw?.push(text),
    errIsTty,
    inIsTty,
    readInput: () => input,
    ask: async (question) => {
      raw?.push(question);
      return reply;
    },
    surroundings: { env, cwd, home, os: "linux", cpuCount: 2, memoryBytes: 4e9 },
  };
}
