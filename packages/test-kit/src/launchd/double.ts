import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { TestHooks } from "../test-hooks.ts";
import type { CallResult } from "./codes.ts";
import { Launchd, type LaunchdOptions } from "./launchd.ts";
import { launchctl } from "./launchctl.ts";
import { plutil, systemFacts } from "./stand-ins.ts";

/** One call of a program, in the order of arrival. `code` is undefined while it runs. */
export interface Call {
  readonly program: string;
  readonly words: readonly string[];
  code: number | undefined;
}

const PROGRAMS = ["launchctl", "plutil", "sw_vers", "id"];

/**
 * A launchd for tests with the programs that scripts reach it by. Put `bin` first on the PATH of what is tested. It
 * lives in the test's own process: spawn scripts asynchronously, a blocked event loop answers nobody.
 */
export class LaunchdDouble {
  readonly launchd: Launchd;
  /** Directory with launchctl, plutil, sw_vers and id. */
  readonly bin: string;
  /** Every call so far. */
  readonly calls: Call[] = [];
  readonly #server: net.Server;

  private constructor(launchd: Launchd, bin: string, server: net.Server) {
    this.launchd = launchd;
    this.bin = bin;
    this.#server = server;
    server.on("connection", (socket) => this.#serve(socket));
  }

  static async start(options: LaunchdOptions & { readonly test?: TestHooks }): Promise<LaunchdDouble> {
    const server = net.createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const bin = path.join(options.stateDir, "bin");
    fs.mkdirSync(bin, { recursive: true });
    for (const name of PROGRAMS) fs.writeFileSync(path.join(bin, name), client(name, port), { mode: 0o755 });
    const { test, ...rest } = options;
    const double = new LaunchdDouble(new Launchd(rest), bin, server);
    test?.onTestFinished(() => double.dispose());
    return double;
  }

  /** `launchctl <words>` of every call, for comparing sequences. */
  launchctlCalls(): string[] {
    return this.calls.filter(({ program }) => program === "launchctl").map(({ words }) => words.join(" "));
  }

  /** A call from the test itself. */
  launchctl(...words: string[]): Promise<CallResult> {
    return this.#run("launchctl", words, this.launchd.options.home);
  }

  async dispose(): Promise<void> {
    await this.launchd.shutdown();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: net.Socket): void {
    const chunks: Buffer[] = [];
    let isAnswered = false;
    socket.on("error", () => undefined); // the caller was killed: a fault under test
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const parts = Buffer.concat(chunks).toString("utf8").split("\0");
      const [program = "", cwd = "", count = ""] = parts;
      if (isAnswered || parts.length < 4 + Number(count)) return;
      isAnswered = true;
      const words = parts.slice(3, 3 + Number(count));
      void this.#run(program, words, cwd).then((result) => socket.end(answer(result)));
    });
  }

  async #run(program: string, words: readonly string[], cwd: string): Promise<CallResult> {
    const call: Call = { program, words, code: undefined };
    this.calls.push(call);
    const result = await this.#dispatch(program, words, cwd);
    call.code = result.code;
    return result;
  }

  #dispatch(program: string, words: readonly string[], cwd: string): CallResult | Promise<CallResult> {
    if (program === "launchctl") return launchctl(this.launchd, words, cwd);
    return program === "plutil" ? plutil(words, cwd) : systemFacts(this.launchd, program, words);
  }
}

/** Lines for the client: the exit code, then each line with its stream in front. */
const answer = ({ code, stdout, stderr }: CallResult): string =>
  `${code}\n${marked("1", stdout)}${marked("2", stderr)}`;

const marked = (stream: string, text: string): string =>
  text === "" ? "" : text.replace(/\n$/, "").replaceAll(/^/gm, stream).concat("\n");

/** Plain bash: a program per call must cost next to nothing. */
const client = (name: string, port: number): string => `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 99
printf '%s\\0' ${name} "$PWD" "$#" "$@" >&3
IFS= read -r code <&3 || exit 99
while IFS= read -r line <&3; do
  case "$line" in
    2*) printf '%s\\n' "\${line#2}" >&2 ;;
    *) printf '%s\\n' "\${line#1}" ;;
  esac
done
exit "$code"
`;
