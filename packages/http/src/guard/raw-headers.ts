/** Every value of a header in Node's flat list, in order. `name` in lower case. */
export function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  let found: string[] | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) {
      (found ??= []).push(rawHeaders[at + 1] as string);
    }
  }
  return found ?? NONE;
}

const NONE: readonly string[] = [];
