/**
 * Objects up to this size are fetched in one piece: a second request would take longer than their bytes do.
 */
export const smallObjectBytes = 128 * 1024;
