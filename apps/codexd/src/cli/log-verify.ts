import { EXIT } from "@baa/process";
import { type LogReport, verifyLog } from "@baa/storage";
import fs from "node:fs";
import { readConfig } from "../config.ts";
import { type CliContext, printResult } from "./cli-context.ts";

/** `codexd log verify`: reads every byte and says what is damaged. Changes nothing. Exit 0 = sound, 1 = damaged. */
export const logVerify = async (cli: CliContext): Promise<number> => {
  const { logsDir } = readConfig();
  if (!fs.existsSync(logsDir)) {
    printResult(cli, { records: 0, segments: [], isClean: false, tornBytes: 0, markedHead: 0, damage: [] }, [
      `there is no log in ${logsDir} yet`,
    ]);
    return EXIT.ok;
  }
  const report = await verifyLog(logsDir);
  printResult(cli, report, summary(report));
  if (report.damage.length === 0) return EXIT.ok;
  if (!cli.json) {
    for (const { file, offset, fault } of report.damage) cli.printError(`${file}: byte ${offset}: ${fault}`);
    cli.printError("damaged; stop codexd, then `codexd log salvage` sets it aside and goes on with what can be read");
  }
  return EXIT.failed;
};

const summary = (report: LogReport): string[] => [
  `${report.records} records in ${report.segments.length} segments, log ${report.logId ?? "unknown"}`,
  ...(report.tornBytes > 0 ? [`the last line is unfinished (${report.tornBytes} bytes): the next start cuts it`] : []),
];
