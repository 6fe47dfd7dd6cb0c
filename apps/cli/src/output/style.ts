import { styleText } from "node:util";

/** Words as they look on one stream: coloured or plain. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly accent: (text: string) => string;
}

type Format = Parameters<typeof styleText>[0];

/** `isColoured` decides alone: Node's own look at NO_COLOR and at its stdout is switched off. */
export const createStyle = (isColoured: boolean): Style => {
  const paint =
    (format: Format) =>
    (text: string): string =>
      isColoured && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    good: paint("green"),
    warn: paint("yellow"),
    bad: paint("red"),
    accent: paint("cyan"),
  };
};
