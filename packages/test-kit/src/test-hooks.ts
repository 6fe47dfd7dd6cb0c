/** The part of vitest's test context that helpers use; hand over the context, or `{ onTestFailed, onTestFinished }`. */
export interface TestHooks {
  onTestFailed(listener: () => void | Promise<void>): void;
  onTestFinished(listener: () => void | Promise<void>): void;
}
