import { tempRoot } from "@baa/test-kit";
import { onTestFailed, onTestFinished } from "vitest";

/** A fresh private directory; removed when the test ends. */
export const tempDir = (): string => tempRoot({ test: { onTestFailed, onTestFinished } }).path;
