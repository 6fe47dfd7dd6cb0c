export function bundle(
  source: string,
  outfile: string,
  o?: { nodePaths?: readonly string[]; isPlain?: boolean },
): Promise<unknown>;
export function bundleForBrowser(source: string, outfile: string): Promise<unknown>;
export function bundleForExtension(source: string): Promise<Uint8Array>;
