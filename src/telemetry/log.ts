import { writeSync } from "node:fs";
import { pino } from "pino";
import { escapeCharacters } from "../core/escape.ts";
import { loggable } from "./redact.ts";

/** From the gravest; `silent` writes nothing. */
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/** Facts of one event. Secrets are hidden by their name and look; errors are written with their causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line of JSON per event. Never throws. */
export interface Log {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
}

/** What is written, and where to. */
export interface LogOptions {
  level: LogLevel;
  /** Takes one line with its line break. Default: standard error, never standard output, which belongs to protocols. */
  write?: (line: string) => void;
}

/** Time is UTC, ISO 8601. */
export function createLog({ level, write = stderrWriter() }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(oneLine(line)) },
  );
  const at =
    (severity: "error" | "warn" | "info" | "debug") =>
    (event: string, fields: LogFields = {}) => {
      if (logger.isLevelEnabled(severity)) logger[severity](safely(fields), event);
    };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

/** Getters and proxies in what was thrown can throw again. The event is worth more than its fields. */
function safely(fields: LogFields): object {
  try {
    return loggable(fields) as object;
  } catch {
    return { fields: "[could not be written]" };
  }
}

/**
 * JSON escapes the ASCII control characters. These too would break a line, or rewrite a terminal, in some
 * readers: C1 controls, Unicode line ends, direction marks. All lie inside JSON strings, so escapes are right.
 */
function oneLine(line: string): string {
  return escapeCharacters(line, /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g);
}

/**
 * Writes to standard error once per turn of the event loop, however many events a turn has, and when the process
 * exits, so that the last lines before it are not lost.
 */
function stderrWriter(): (line: string) => void {
  let waiting = "";
  const flush = () => {
    const lines = waiting;
    waiting = "";
    if (lines !== "") writeToStderr(lines);
  };
  process.once("exit", flush);
  return (line) => {
    if (waiting === "") setImmediate(flush);
    waiting += line;
  };
}

function writeToStderr(lines: string): void {
  try {
    writeSync(2, lines);
  } catch {
    // A closed or full stderr must not stop the server, and there is nowhere left to say so.
  }
}
