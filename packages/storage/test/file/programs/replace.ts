// Replaces a file by 1 MiB, blocking or sliced, and prints the code of the error, or "done".
import { writeFileDurable, writeFileDurableSliced } from "../../../src/index.ts";

const [path = "", how] = process.argv.slice(2);
const chunks = Array.from({ length: 1024 }, () => "x".repeat(1024));

try {
  if (how === "sliced") await writeFileDurableSliced(path, chunks);
  else writeFileDurable(path, chunks);
  console.log("done");
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
