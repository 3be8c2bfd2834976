import { join } from "node:path";
import type { Surroundings } from "../../config/platform.ts";

/** How a client reaches Sluice. */
export type Launch =
  | { kind: "stdio"; command: string; args: string[]; env: Record<string, string> }
  | { kind: "http"; url: string; headers?: Record<string, string> };

/** A client Sluice can be entered into, and how its settings look. */
export interface Client {
  name: string;
  title: string;
  /** Absolute path of its settings file. */
  file(surroundings: Surroundings): string;
  /** The member of the file that holds servers by name. */
  member: "mcpServers" | "servers";
  /** The server's settings; `undefined` where the client cannot be reached that way. */
  entry(launch: Launch): Record<string, unknown> | undefined;
  /** What to do once the file is written. */
  next: string;
}

function withType(launch: Launch): Record<string, unknown> {
  const { kind, ...rest } = launch;
  return { type: kind, ...withoutEmptyEnv(rest) };
}

function withoutType({ kind: _kind, ...rest }: Launch): Record<string, unknown> {
  return withoutEmptyEnv(rest);
}

function withoutEmptyEnv(entry: Record<string, unknown>): Record<string, unknown> {
  const { env, ...rest } = entry;
  return env && Object.keys(env).length > 0 ? { ...rest, env } : rest;
}

/** Every client, with where it keeps its settings. Sources: each client's own documentation of MCP servers. */
export const clients: readonly Client[] = [
  {
    name: "claude-desktop",
    title: "Claude Desktop",
    member: "mcpServers",
    file: ({ os, home, env }) => {
      if (os === "darwin") return join(home, "Library/Application Support/Claude/claude_desktop_config.json");
      const base =
        os === "win32"
          ? (env.APPDATA ?? join(home, "AppData/Roaming"))
          : (env.XDG_CONFIG_HOME ?? join(home, ".config"));
      return join(base, "Claude/claude_desktop_config.json");
    },
    entry: (launch) => (launch.kind === "http" ? undefined : withoutType(launch)),
    next: "Quit Claude Desktop and start it again.",
  },
  {
    name: "claude-code",
    title: "Claude Code, for this folder",
    member: "mcpServers",
    file: ({ cwd }) => join(cwd, ".mcp.json"),
    entry: withType,
    next: "Start claude in this folder and approve the server; /mcp shows it.",
  },
  {
    name: "cursor",
    title: "Cursor",
    member: "mcpServers",
    file: ({ home }) => join(home, ".cursor/mcp.json"),
    entry: withoutType,
    next: "Cursor's settings list it under MCP.",
  },
  {
    name: "vscode",
    title: "VS Code, for this folder",
    member: "servers",
    file: ({ cwd }) => join(cwd, ".vscode/mcp.json"),
    entry: withType,
    next: "Run the command “MCP: List Servers” in VS Code and start it.",
  },
  {
    name: "kiro",
    title: "Kiro",
    member: "mcpServers",
    file: ({ home }) => join(home, ".kiro/settings/mcp.json"),
    entry: withoutType,
    next: "Kiro's MCP Servers view lists it.",
  },
];
