import path from "node:path";

/** Where the system lane notes the requests of its tests. */
export const HITS_DIR = path.resolve(import.meta.dirname, "../../../.cache/route-hits");
