/** A line of a terminal that is split in two, or of a mail. */
const COLUMNS = 100;
/** The longest label is 11 characters. */
const LABEL = 13;

/** Words in lines of at most 100 columns; the lines after the first are indented. A word that is longer, as a link, has its own line. */
export function wrap(text: string, indent = 0): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let isEmpty = true;
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = ' '.repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return isEmpty ? lines : [...lines, line];
}

/** Paragraphs beside a label, which stands before the first. */
export function labelled(label: string, paragraphs: readonly string[]): string[] {
  const lines = paragraphs.flatMap((paragraph) => wrap(paragraph, LABEL));
  return lines.map((line, index) => (index === 0 ? `${label.padEnd(LABEL)}${line.slice(LABEL)}` : line));
}

/** A line of a log may be any length; what is cut here is in the log. */
const MOST_PIECES = 3;

/** A line that keeps its own spaces, as one of a log, under the labels; in pieces where it is longer than the terminal. */
export function verbatim(text: string, indent = 0): string[] {
  const margin = ' '.repeat(LABEL + indent);
  const width = COLUMNS - margin.length;
  const number = Math.max(1, Math.ceil(text.length / width));
  const pieces = Array.from({ length: Math.min(number, MOST_PIECES) }, (_, n) => text.slice(n * width, (n + 1) * width));
  if (number > MOST_PIECES) pieces[MOST_PIECES - 1] = `${pieces[MOST_PIECES - 1]?.slice(0, -3)}...`;
  return pieces.map((piece) => `${margin}${piece}`);
}
