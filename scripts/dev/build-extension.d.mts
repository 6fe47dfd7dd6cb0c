export function buildExtension(dist: string): Promise<string[]>;
