// Exit 0 when every browser of the browser lane is there, else 1 with a line that says which is not.
import { whyNoBrowser } from "../../packages/test-kit/src/browser/find-browser.ts";

const reason = whyNoBrowser();
if (reason !== undefined) console.log(reason);
process.exitCode = reason === undefined ? 0 : 1;
