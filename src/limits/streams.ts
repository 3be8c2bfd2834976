import type { Principal } from "../core/principal.ts";
import { tooManyStreams, tooManyStreamsInAll } from "./refusals.ts";
import type { LimitSettings } from "./settings.ts";

type StreamSettings = Pick<LimitSettings, "streams" | "streamsPerPrincipal" | "local">;

/** Event streams that are open in this process, whatever they are for. Each takes memory and a connection until it ends. */
export class Streams {
  readonly #settings: StreamSettings;
  readonly #openOf = new Map<string, number>();
  #open = 0;

  constructor(settings: StreamSettings) {
    this.#settings = settings;
  }

  get open(): number {
    return this.#open;
  }

  /** Answers with what is called when the stream has ended; a second time it does nothing. Throws `throttled`. */
  take({ tenantId, id, countedAs = id, via }: Principal): () => void {
    const { streams, streamsPerPrincipal, local } = this.#settings;
    const owner = JSON.stringify([tenantId, countedAs]);
    const openOfOwner = this.#openOf.get(owner) ?? 0;
    const isBound = via !== "local" || local.streams;
    if (isBound && openOfOwner >= streamsPerPrincipal) throw tooManyStreams(streamsPerPrincipal);
    if (this.#open >= streams) throw tooManyStreamsInAll(streams);
    this.#open += 1;
    this.#openOf.set(owner, openOfOwner + 1);
    return this.#release(owner);
  }

  #release(owner: string): () => void {
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#open -= 1;
      const left = (this.#openOf.get(owner) ?? 1) - 1;
      if (left > 0) this.#openOf.set(owner, left);
      else this.#openOf.delete(owner);
    };
  }
}
