// What the doctor found: `{check, level, detail, next?}`. `fail` = something does not work, or will not after the next
// reboot; `warn` = it may; `unknown` = this machine cannot be asked.
const finding = (level) => (check, detail, next) => ({ check, level, detail, ...(next !== undefined && { next }) });

export const ok = finding("ok");
export const warn = finding("warn");
export const fail = finding("fail");
export const unknown = (check, program) => finding("unknown")(check, `not asked: there is no ${program} here`);
