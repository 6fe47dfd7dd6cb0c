// ` (did you mean --x?)` for a mistyped option, or nothing. Arguments: the word, and the known options, one a line.
const [word = "", known = ""] = process.argv.slice(2);

const distance = (a, b) => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row.at(-1);
};

const [best] = known
  .split("\n")
  .map((name) => ({ name, far: distance(word, name) }))
  .toSorted((a, b) => a.far - b.far);
if (best !== undefined && best.far <= Math.max(2, word.length / 3))
  process.stdout.write(` (did you mean ${best.name}?)`);
