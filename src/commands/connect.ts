import { closest } from "../core/suggest.ts";
import { type Client, clients, type Launch } from "./connect/clients.ts";
import { stdioLaunch } from "./connect/launch.ts";
import { mergeIntoFile } from "./connect/merge-file.ts";
import { type CommandContext, defineCommand } from "./frame/command.ts";
import { credentialHeaders, credentialOptions } from "./frame/credential.ts";
import { UsageError } from "./frame/usage-error.ts";

/** `sluice connect`: a client's settings, printed or written. */
export const connect = defineCommand({
  name: "connect",
  positionals: "<client>",
  describePositionals: { client: clients.map(({ name }) => name).join(", ") },
  summary: "Prints a client's settings for this Sluice, or writes them",
  options: {
    write: { type: "boolean", describe: "Write them into the client's file, with a backup beside it" },
    url: {
      type: "string",
      requiresArg: true,
      describe: "Connect to a running server, such as http://127.0.0.1:8080/mcp",
    },
    ...credentialOptions,
    demo: { type: "boolean", describe: "Let the client spawn the demo" },
    name: {
      type: "string",
      requiresArg: true,
      describe: "The server's name in the client (default: sluice)",
    },
    json: { type: "boolean", describe: "Print the outcome as JSON" },
  },
  examples: [
    ["sluice connect cursor", "Print what to paste"],
    [
      "sluice connect claude-desktop --write --lake.localRoots ~/data",
      "Let it spawn Sluice with these settings",
    ],
    ["sluice connect vscode --write --url http://127.0.0.1:8080/mcp", "Point it at a running server"],
  ],
  complete: async () => clients.map(({ name }) => name),
  async run({ write, url, key, token, demo, name = "sluice", json, positionals }, context) {
    const client = findClient(String(positionals.client));
    const { terminal } = context;
    const headers = await credentialHeaders({ key, token, url });
    const entry = entryFor(client, await launchFor(context, { url, headers, demo: demo === true }));
    const file = client.file(terminal.surroundings);
    const snippet = { [client.member]: { [name]: entry } };
    if (!write) {
      terminal.out(
        json
          ? JSON.stringify({ client: client.name, file, settings: snippet })
          : JSON.stringify(snippet, undefined, 2),
      );
      terminal.err(`Put this into ${file}, or run the same with --write. ${client.next}`);
      warnOfVariables(context, url, demo === true);
      return 0;
    }
    const merged = await mergeIntoFile({
      file,
      member: client.member,
      serverName: name,
      entry,
      now: new Date(),
    });
    if (json) terminal.out(JSON.stringify({ client: client.name, file, ...merged }));
    terminal.err(
      merged.outcome === "unchanged"
        ? `${file} has it already.`
        : `${merged.outcome === "created" ? "Created" : "Updated"} ${file}. ${client.next}`,
    );
    if (merged.backup) terminal.err(`What it held before is in ${merged.backup}`);
    warnOfVariables(context, url, demo === true);
    return 0;
  },
});

function findClient(name: string): Client {
  const found = clients.find((client) => client.name === name);
  if (found) return found;
  const known = clients.map((client) => client.name);
  const near = closest(name, known);
  throw new UsageError(
    `There is no client "${name}"${near ? `: did you mean "${near}"?` : `. There are ${known.join(", ")}.`}`,
  );
}

interface Where {
  url: string | undefined;
  headers: Record<string, string>;
  demo: boolean;
}

async function launchFor(context: CommandContext, { url, headers, demo }: Where): Promise<Launch> {
  if (url === undefined) return stdioLaunch(context, demo);
  if (demo)
    throw new UsageError(
      "--url and --demo exclude each other: start the demo with `sluice demo`, and give its URL.",
    );
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new UsageError(`--url: "${url}" is not an http:// or https:// URL.`);
  return { kind: "http", url, ...(Object.keys(headers).length > 0 && { headers }) };
}

function entryFor(client: Client, launch: Launch): Record<string, unknown> {
  const entry = client.entry(launch);
  if (entry) return entry;
  throw new UsageError(
    `${client.title} takes no URL in its settings file: leave --url out, and it spawns Sluice itself.`,
  );
}

/** Clients do not inherit a shell's variables, so settings given that way would silently be lost. */
function warnOfVariables({ terminal }: CommandContext, url: string | undefined, demo: boolean): void {
  if (url !== undefined || demo) return;
  const names = Object.keys(terminal.surroundings.env).filter((name) =>
    /^SLUICE_(?!CONFIG$)|^(S3_BUCKET_NAME|AWS_ACCESS_KEY_ID)$/.test(name),
  );
  if (names.length > 0)
    terminal.err(
      `Not passed on: ${names.join(", ")} of this shell. Put settings into sluice.yaml or give them as flags, and credentials into an AWS profile.`,
    );
}
