import fs from "node:fs";
import path from "node:path";
import { interceptFs, type FsOp } from "./fs-faults.ts";

type Change = { at: number; data: Buffer } | { size: number };
type DirChange = { op: number; add?: [string, number]; remove?: string };

interface Inode {
  /** Every change with the call it came with. */
  changes: { op: number; change: Change }[];
  /** From this call on, the first `upTo` changes are on disk. */
  syncs: { op: number; upTo: number }[];
}

type Mode = "none" | "all" | "front" | "holes";

/**
 * A model of what a power loss may leave of one directory. Names change in order (a journal) and are sure after an fsync
 * of the directory; contents are sure after an fsync of the file. Of the rest any front part may be there, its last write
 * torn, or (`holes`) each write on its own.
 */
export class DiskModel {
  ops = 0;
  readonly #dir: string;
  readonly #inodes: Inode[] = [];
  readonly #names = new Map<string, number>();
  readonly #fds = new Map<number, number | "dir">();
  readonly #dirChanges: DirChange[] = [];
  readonly #dirSyncs: { op: number; upTo: number }[] = [];
  readonly release: () => void;

  constructor(dir: string) {
    this.#dir = dir;
    this.release = interceptFs((op) => this.#take(op));
  }

  /** The directory as it may be found when power is lost right after call `op`. */
  after(op: number, o: { random: () => number; mode: Mode }): Map<string, Buffer> {
    const changes = this.#dirChanges.filter((change) => change.op <= op);
    const sure = this.#dirSyncs.filter((sync) => sync.op <= op).at(-1)?.upTo ?? 0;
    const upTo = pick(sure, changes.length, o);
    const names = new Map<string, number>();
    for (const { add, remove } of changes.slice(0, upTo)) {
      if (remove !== undefined) names.delete(remove);
      if (add !== undefined) names.set(...add);
    }
    return new Map([...names].map(([name, inode]) => [name, this.#content(this.#inodes[inode]!, op, o)]));
  }

  #content(inode: Inode, op: number, o: { random: () => number; mode: Mode }): Buffer {
    const changes = inode.changes.filter((change) => change.op <= op).map((change) => change.change);
    const sure = inode.syncs.filter((sync) => sync.op <= op).at(-1)?.upTo ?? 0;
    let content: Buffer = Buffer.alloc(0);
    const upTo = o.mode === "holes" ? changes.length : pick(sure, changes.length, o);
    changes.slice(0, upTo).forEach((change, index) => {
      const isSure = index < sure;
      const isTorn = !isSure && o.mode === "front" && index === upTo - 1;
      content = apply(content, change, {
        isTorn,
        isMissing: !isSure && o.mode === "holes" && o.random() < 0.4,
        random: o.random,
      });
    });
    return content;
  }

  #take(op: FsOp): unknown {
    if (op.name === "fdatasync" || op.name === "fsync") return this.#async(op);
    const before = op.name === "writeFileSync" ? undefined : op.run(...op.args);
    this.ops += 1;
    if (op.name === "openSync") this.#open(op.args, before as number);
    if (op.name === "writeFileSync") this.#writeFile(op.args);
    if (op.name === "closeSync") this.#fds.delete(op.args[0] as number);
    if (op.name === "writeSync") this.#write(op.args, before as number);
    if (op.name === "ftruncateSync") this.#change(op.args[0] as number, { size: op.args[1] as number });
    if (op.name === "fsyncSync") this.#sync(op.args[0] as number, undefined);
    if (op.name === "renameSync") this.#rename(String(op.args[0]), String(op.args[1]));
    if (op.name === "rmSync" && this.#names.delete(path.basename(String(op.args[0])))) {
      this.#dirChanges.push({ op: this.ops, remove: path.basename(String(op.args[0])) });
    }
    return before;
  }

  /** What an asynchronous sync covers was written before it began; it is sure when it has ended. */
  #async(op: FsOp): unknown {
    const fd = op.args[0] as number;
    const inode = this.#fds.get(fd);
    const covered = typeof inode === "number" ? this.#inodes[inode]!.changes.length : undefined;
    const done = op.args.at(-1) as (error: Error | null) => void;
    return op.run(fd, (error: Error | null) => {
      this.ops += 1;
      this.#sync(fd, covered);
      done(error);
    });
  }

  #open(args: unknown[], fd: number): void {
    const name = path.basename(String(args[0]));
    if (String(args[0]) === this.#dir) return void this.#fds.set(fd, "dir");
    let inode = this.#names.get(name);
    if (inode === undefined) inode = this.#create(name);
    else if (args[1] === "w") this.#inodes[inode]!.changes.push({ op: this.ops, change: { size: 0 } });
    this.#fds.set(fd, inode);
  }

  #create(name: string): number {
    const inode = this.#inodes.push({ changes: [], syncs: [] }) - 1;
    this.#names.set(name, inode);
    this.#dirChanges.push({ op: this.ops, add: [name, inode] });
    return inode;
  }

  /** Done without the real one's inner calls, which would be counted twice. */
  #writeFile(args: unknown[]): void {
    const fd = fs.openSync(String(args[0]), "w");
    fs.writeSync(fd, args[1] as Buffer);
    fs.closeSync(fd);
  }

  #write(args: unknown[], count: number): void {
    const [fd, buffer, offset, , position] = args as [number, Buffer, number | undefined, number, number | undefined];
    const data = Buffer.from(buffer.subarray(offset ?? 0, (offset ?? 0) + count));
    this.#change(fd, { at: position ?? 0, data });
  }

  #change(fd: number, change: Change): void {
    const inode = this.#fds.get(fd);
    if (typeof inode === "number") this.#inodes[inode]!.changes.push({ op: this.ops, change });
  }

  #sync(fd: number, covered: number | undefined): void {
    const inode = this.#fds.get(fd);
    if (inode === "dir") this.#dirSyncs.push({ op: this.ops, upTo: this.#dirChanges.length });
    if (typeof inode !== "number") return;
    const { syncs, changes } = this.#inodes[inode]!;
    syncs.push({ op: this.ops, upTo: Math.max(covered ?? changes.length, syncs.at(-1)?.upTo ?? 0) });
  }

  #rename(from: string, to: string): void {
    const inode = this.#names.get(path.basename(from))!;
    this.#names.delete(path.basename(from));
    this.#names.set(path.basename(to), inode);
    this.#dirChanges.push({ op: this.ops, remove: path.basename(from), add: [path.basename(to), inode] });
  }
}

function pick(sure: number, all: number, o: { random: () => number; mode: Mode }): number {
  if (o.mode === "none") return sure;
  if (o.mode === "all") return all;
  return sure + Math.floor(o.random() * (all - sure + 1));
}

function apply(
  content: Buffer,
  change: Change,
  o: { isTorn: boolean; isMissing: boolean; random: () => number },
): Buffer {
  if ("size" in change) {
    const sized = Buffer.alloc(change.size);
    content.copy(sized, 0, 0, Math.min(content.length, change.size));
    return sized;
  }
  const { at, data } = change;
  const grown = Buffer.alloc(Math.max(content.length, at + data.length));
  content.copy(grown);
  if (o.isMissing) return grown;
  data.copy(grown, at);
  // Torn: the rest of the write is zeros (a block that was allocated and not written), or is not there at all.
  if (!o.isTorn || at + data.length < content.length) return grown;
  const kept = at + Math.floor(o.random() * (data.length + 1));
  return o.random() < 0.5 ? grown.subarray(0, kept) : grown.fill(0, kept, at + data.length);
}
