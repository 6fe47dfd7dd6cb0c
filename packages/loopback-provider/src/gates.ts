/** A one-way gate: closed until `open()`; waiting on an open gate returns at once. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** Where a stream stops: after so many deltas, until `until` settles. `onHeld` is told when it has stopped. */
export interface Hold {
  readonly after: number;
  readonly until: Promise<unknown>;
  readonly onHeld?: () => void;
}

export function createGate(): Gate {
  const { promise, resolve } = withResolvers();
  return { opened: promise, open: resolve };
}

/** Named gates, made when first asked for, so that `[[hold=name]]` in a prompt and a test meet by name. */
export class GateBook {
  readonly #gates = new Map<string, { gate: Gate; held: Gate }>();

  /** The hold that a script puts into an answer. */
  hold(name: string, after: number): Hold {
    const entry = this.#entry(name);
    return { after, until: entry.gate.opened, onHeld: () => entry.held.open() };
  }

  /** Resolves once a stream stands at the gate, with all earlier deltas handed to the socket. */
  held(name: string): Promise<void> {
    return this.#entry(name).held.opened;
  }

  release(name: string): void {
    this.#entry(name).gate.open();
  }

  releaseAll(): void {
    for (const { gate } of this.#gates.values()) gate.open();
  }

  #entry(name: string): { gate: Gate; held: Gate } {
    const known = this.#gates.get(name);
    if (known !== undefined) return known;
    const entry = { gate: createGate(), held: createGate() };
    this.#gates.set(name, entry);
    return entry;
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = () => done();
  });
  return { promise, resolve };
}
