import {
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { ResourceEntry, ToolCaller } from "../core/exposure.ts";
import { decodeCursor, encodeCursor } from "../core/results.ts";
import { callBacking } from "./backing.ts";
import { keepList } from "./keep-list.ts";
import { maySee } from "./may-see.ts";
import { onePageParams } from "./one-page.ts";
import { asProtocolError } from "./protocol-error.ts";
import { rawContext } from "./raw-call.ts";
import type { CompiledResource } from "./surface.ts";
import type { ServingUnit } from "./unit.ts";

const listParams = z.looseObject({ cursor: z.string().optional() });
const readParams = z.looseObject({ uri: z.string() });
/** Which definition a page belongs to, and the backing tool's own cursor inside it. */
const pageCursor = z.object({ at: z.int().min(0), cursor: z.string().optional() });

type Page = z.output<typeof pageCursor>;

/** Those whose tool this caller may see. */
export function resourcesSeen(unit: ServingUnit): CompiledResource[] {
  return unit.surface.resources.filter(({ definition }) => maySee(unit, definition.tool));
}

/** resources/list: the definitions' entries, one page of one definition at a time, after the raw resources. */
export function serveResourceList(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("resources/list", { params: listParams }, async ({ cursor }, context) => {
    const listed = unit.surface.resources.filter(({ definition }) =>
      definition.list?.tools.every((tool) => maySee(unit, tool)),
    );
    const page: Page = cursor === undefined ? { at: 0 } : readCursor(cursor);
    const raw = cursor === undefined ? [...unit.surface.rawResources.values()].map((r) => r.definition) : [];
    const definition = listed[page.at]?.definition;
    if (!definition?.list) return keepList(unit, { resources: raw });
    const call: ToolCaller = (tool, input) =>
      callBacking({ tool, toInput: () => input }, undefined, context, unit);
    const given = await definition.list.page(call, page.cursor).catch((thrown) => {
      throw asProtocolError(thrown);
    });
    const resources = [...raw, ...given.entries.map(wireEntry)];
    const next = nextPage(page, given.cursor, listed.length);
    return next ? { resources, nextCursor: encodeCursor({ ...next }) } : { resources };
  });
}

function readCursor(cursor: string): Page {
  try {
    return decodeCursor(cursor, pageCursor);
  } catch (thrown) {
    throw asProtocolError(thrown);
  }
}

function nextPage(page: Page, cursor: string | undefined, count: number): Page | undefined {
  if (cursor !== undefined) return { at: page.at, cursor };
  return page.at + 1 < count ? { at: page.at + 1 } : undefined;
}

function wireEntry({ sizeBytes, ...entry }: ResourceEntry): Resource {
  return sizeBytes === undefined ? entry : { ...entry, size: sizeBytes };
}

export function serveResourceTemplates(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("resources/templates/list", { params: onePageParams }, () =>
    keepList(unit, {
      resourceTemplates: resourcesSeen(unit).map(({ definition }) => ({
        name: definition.name,
        title: definition.title,
        description: definition.description,
        mimeType: definition.mimeType,
        uriTemplate: definition.uriTemplate,
      })),
    }),
  );
}

/** resources/read: the output of the backing tool, as JSON. Throws -32602 for a URI no template matches. */
export function serveResourceRead(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("resources/read", { params: readParams }, ({ uri }, context) => {
    const raw = unit.surface.rawResources.get(uri);
    return raw ? raw.read(uri, rawContext(context, unit)) : read(uri, context, unit);
  });
}

async function read(uri: string, context: ServerContext, unit: ServingUnit): Promise<ReadResourceResult> {
  const match = matchUri(uri, resourcesSeen(unit));
  if (!match) throw new ResourceNotFoundError(uri);
  const { definition } = match.resource;
  const output = await callBacking(definition, match.variables, context, unit);
  return { contents: [{ uri, mimeType: definition.mimeType, text: JSON.stringify(output) }] };
}

function matchUri(uri: string, resources: readonly CompiledResource[]) {
  for (const resource of resources) {
    const found = resource.template.match(uri);
    if (!found) continue;
    const variables: Record<string, string> = {};
    for (const [name, value] of Object.entries(found)) {
      variables[name] = Array.isArray(value) ? value.join(",") : value;
    }
    return { resource, variables };
  }
  return undefined;
}
