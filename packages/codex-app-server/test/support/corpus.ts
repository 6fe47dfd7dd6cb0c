const SCRIPTS = [
  'plain ascii, quotes \\" and \\\\ escapes',
  "Größe, naïveté, Ελληνικά, Кириллица",
  "中文文本，標點「引號」、日本語のかな、한국어 문장",
  "العربية وعبرית עם ניקוד שָׁלוֹם",
  "😀🏳️‍🌈👩‍👩‍👧‍👦 𝒳𝔘 𐍈 \u2028\u2029\u0085\u00a0 \u200d",
];

function message(text: string, index: number): string {
  return `{"method":"item/agentMessage/delta","params":{"threadId":"t${index}","delta":"${text}"},"emittedAtMs":1}`;
}

/** Lines of five scripts with one- to four-byte characters and line separators that are not newlines; over 16 KiB. */
export const CORPUS: readonly string[] = Array.from({ length: 8 }, (_, round) =>
  SCRIPTS.map((text, index) => message(text.repeat(round === 7 ? 40 : (round % 3) + 1), index)),
).flat();
