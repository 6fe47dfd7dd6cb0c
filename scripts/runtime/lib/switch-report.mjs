// The JSON object of install-mini.sh and rollback.sh. Arguments: exit code, `1` for a dry run, release, restarted
// services, then `phase=seconds` for each phase.
const [code = "0", dryRun = "", release = "", restarted = "", ...phases] = process.argv.slice(2);

const report = {
  ok: code === "0",
  code: Number(code),
  dryRun: dryRun !== "",
  ...(release !== "" && { release }),
  restarted: [...new Set(restarted.split(" ").filter(Boolean))],
  phases: phases.map((text) => {
    const at = text.lastIndexOf("=");
    return { name: text.slice(0, at), seconds: Number(text.slice(at + 1)) };
  }),
};
console.log(JSON.stringify(report, undefined, 2));
