// Every relative link in a committed Markdown file must lead to a file, and its #anchor to a heading of that file.
import fs from "node:fs";
import path from "node:path";
import { committedFiles, root } from "./committed-files.mjs";

const LINK = /(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;
const CODE = /```[^]*?```|`[^`\n]*`/g;

/** GitHub's anchor of a heading: lower case, blanks to dashes, other marks gone. */
const anchorOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

const anchorsOf = (file) =>
  new Set([...fs.readFileSync(file, "utf8").matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, heading]) => anchorOf(heading)));

const faultOf = (file, target) => {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [place, anchor] = target.split("#");
  const wanted = place === "" ? path.join(root, file) : path.resolve(root, path.dirname(file), decodeURI(place));
  if (!fs.existsSync(wanted)) return "leads nowhere";
  if (anchor === undefined || !wanted.endsWith(".md")) return undefined;
  return anchorsOf(wanted).has(anchor) ? undefined : "has no such heading";
};

const faultsOf = (file) => {
  const text = fs.readFileSync(path.join(root, file), "utf8").replaceAll(CODE, "");
  return [...text.matchAll(LINK)].flatMap(([, target]) => {
    const fault = faultOf(file, target);
    return fault === undefined ? [] : [`${file}: ${target} ${fault}`];
  });
};

const faults = committedFiles()
  .filter((file) => file.endsWith(".md"))
  .flatMap(faultsOf);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
