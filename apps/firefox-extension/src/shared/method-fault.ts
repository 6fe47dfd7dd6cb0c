import type { FirefoxError, FirefoxErrorCode } from "@baa/contracts/firefox";

/** What a frame carries of a message; some hold what the caller or the page has said. */
const MESSAGE_CHARS = 4096;

/** Why a method did not do what it was asked; in the background and in the page. */
export class MethodFault extends Error {
  override readonly name = "MethodFault";
  readonly code: FirefoxErrorCode;
  readonly outcome: FirefoxError["outcome"];
  readonly site: string | undefined;
  readonly mark: string | undefined;

  constructor(
    code: FirefoxErrorCode,
    message: string,
    o: { outcome?: FirefoxError["outcome"]; site?: string; mark?: string } = {},
  ) {
    super(message.slice(0, MESSAGE_CHARS));
    this.code = code;
    this.outcome = o.outcome ?? "notDone";
    this.site = o.site;
    this.mark = o.mark;
  }

  /** As it crosses from the page to the background. */
  toError(): FirefoxError {
    return {
      code: this.code,
      message: this.message,
      outcome: this.outcome,
      ...(this.site === undefined ? {} : { site: this.site }),
      ...(this.mark === undefined ? {} : { mark: this.mark }),
    };
  }

  /** From there back again. */
  static fromError(error: FirefoxError): MethodFault {
    return new MethodFault(error.code as FirefoxErrorCode, error.message, {
      outcome: error.outcome,
      ...(error.site === undefined ? {} : { site: error.site }),
      ...(error.mark === undefined ? {} : { mark: error.mark }),
    });
  }
}
