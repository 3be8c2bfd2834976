/** A chain's head at one moment, kept where the journal's keeper cannot change it. */
export interface Anchor {
  chain: string;
  sequence: number;
  /** SHA-256 in hex. */
  hash: string;
  /** UTC, ISO 8601. */
  time: string;
}

/** What was anchored of one chain, in the order of its records. */
export interface ChainAnchors {
  /** Where the anchors are, for people. */
  place: string;
  anchors: Anchor[];
  /** What stands among the anchors and is none, for people. */
  bad: string[];
}

/** Where anchors are kept. */
export interface AnchorStore {
  /** For people. */
  place: string;
  /** The head is anchored after so many records, or so many milliseconds. */
  everyRecords: number;
  everyMs: number;
  /** Resolves when the anchor is kept for good. */
  write(anchor: Anchor): Promise<void>;
  /** Everything that was anchored, by chain. Throws where the place cannot be read, or is not there. */
  read(): Promise<Map<string, ChainAnchors>>;
}
