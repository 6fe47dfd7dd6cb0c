export function bundle(source: string, outfile: string, o?: { nodePaths?: readonly string[] }): Promise<unknown>;
