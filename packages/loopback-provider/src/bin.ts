import { readBinConfig, USAGE } from "./config.ts";
import { startLoopbackProvider } from "./provider.ts";

const EXIT_USAGE = 64;
const EXIT_BUSY = 75;

async function main(argv: readonly string[]): Promise<void> {
  let config;
  try {
    config = readBinConfig(argv);
  } catch (error) {
    process.stderr.write(`loopback-provider: ${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  if (config.help) {
    process.stdout.write(USAGE);
    return;
  }
  const provider = await startLoopbackProvider({ port: config.port });
  const stop = (): void => void provider.stop();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.stdout.write(`${JSON.stringify({ url: provider.url, port: provider.port })}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`loopback-provider: ${(error as Error).message}\n`);
  process.exitCode = EXIT_BUSY;
}
