import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

/** Keys that an issuer publishes, and how often it may be asked for them. */
export interface IssuerKeysOptions {
  /** Asks the issuer. Throws when it does not answer. */
  fetchKeys(): Promise<JSONWebKeySet>;
  now(): number;
  /** Takes why the issuer could not be asked, for the log. */
  onFault(cause: unknown): void;
}

/** The issuer could not be asked yet, so nothing can be said about any token. */
export class IssuerUnavailable extends Error {}

type LocalKeys = ReturnType<typeof createLocalJWKSet>;

/** Between two times the issuer is asked, whoever asks for what: names of keys are written by callers. */
const pauseMs = 30_000;
/** The same while there are no keys at all. */
const firstPauseMs = 2_000;
/** After this keys are fetched anew, beside the requests. */
const freshMs = 10 * 60_000;
/** How long keys are good while the issuer cannot be asked whether they still are. */
const keptMs = 24 * 3_600_000;

/** Keys by the header of a token, which can pick among the issuer's keys and do nothing else. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: LocalKeys | undefined;
  #fetchedMs = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** Throws `IssuerUnavailable`, and jose's `JWKSNoMatchingKey`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.#keys || this.#ageMs() > keptMs) await this.#refresh();
    else if (!this.#isFresh()) void this.#refresh();
    const keys = this.#current();
    try {
      return await keys(header, token);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown;
      await this.#refresh();
      const renewed = this.#current();
      if (renewed === keys) throw thrown;
      return renewed(header, token);
    }
  };

  /** Which keys a token would be checked with now; another object after they were fetched anew. None where they would be. */
  fresh(): object | undefined {
    return this.#isFresh() ? this.#keys : undefined;
  }

  /** Below zero where the clock was set back since. */
  #ageMs(): number {
    return this.#options.now() - this.#fetchedMs;
  }

  #isFresh(): boolean {
    return isWithin(this.#ageMs(), freshMs);
  }

  #current(): LocalKeys {
    if (this.#keys && this.#ageMs() <= keptMs) return this.#keys;
    throw new IssuerUnavailable("The issuer's keys could not be fetched.");
  }

  /** Asks the issuer, unless that was done a moment ago. Never throws. */
  async #refresh(): Promise<void> {
    if (this.#asking) return this.#asking;
    const pause = this.#keys ? pauseMs : firstPauseMs;
    if (isWithin(this.#options.now() - this.#askedMs, pause)) return;
    this.#askedMs = this.#options.now();
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      this.#keys = createLocalJWKSet(await this.#options.fetchKeys());
      this.#fetchedMs = this.#options.now();
    } catch (cause) {
      this.#options.onFault(cause);
    }
  }
}

/** A time that lies ahead was taken before the clock was set back: nobody waits for it to come again. */
function isWithin(elapsedMs: number, ms: number): boolean {
  return elapsedMs >= 0 && elapsedMs < ms;
}
