/** A stretch of one text; `differs` where the other text has nothing equal in its place. */
export interface Stretch {
  text: string;
  differs: boolean;
}

// Cells of the table of common subsequences, 2 bytes each: 2,000 against 2,000 words. Above it, all between common ends is marked.
const MAX_CELLS = 4_000_000;

/**
 * Compares two texts word by word (a word is a run of letters, digits and underscores, a run of spaces, or one other character).
 * Put together, the stretches of a side are that text; the unmarked ones of both sides are the same text.
 */
export function textDifference(left: string, right: string): { left: Stretch[]; right: Stretch[] } {
  const a = words(left);
  const b = words(right);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;

  const common = commonSubsequence(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const marked = (side: string[], kept: Set<number>): Stretch[] =>
    stretches(
      side,
      slideToWords(
        side,
        side.map((_, index) => index >= start && index < side.length - end && !kept.has(index - start)),
      ),
    );
  return { left: marked(a, common.left), right: marked(b, common.right) };
}

const words = (text: string): string[] => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

/** Indices, on each side, of a longest common subsequence (dynamic programming from the ends). */
function commonSubsequence(a: string[], b: string[]): { left: Set<number>; right: Set<number> } {
  const left = new Set<number>();
  const right = new Set<number>();
  const width = b.length + 1;
  if ((a.length + 1) * width > MAX_CELLS) return { left, right };

  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      left.add(i++);
      right.add(j++);
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return { left, right };
}

/**
 * A marked run that is followed by what it begins with may as well stand one place later: "a], b[c" of "a], b[c], d" is "b[c], ".
 * Moves each on until it begins with a word, which is where a reader sees it begin.
 */
function slideToWords(side: string[], differs: boolean[]): boolean[] {
  const slid = [...differs];
  for (let first = 0; first < side.length; first += 1) {
    if (!slid[first]) continue;
    let next = first;
    while (slid[next]) next += 1;
    while (!WORD.test(side[first] ?? '') && next < side.length && !slid[next] && side[next] === side[first]) {
      slid[first++] = false;
      slid[next++] = true;
    }
    while (slid[first + 1]) first += 1;
  }
  return slid;
}

function stretches(side: string[], differs: readonly boolean[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [index, text] of side.entries()) {
    const last = found.at(-1);
    if (last !== undefined && last.differs === differs[index]) last.text += text;
    else found.push({ text, differs: differs[index] === true });
  }
  return found;
}

const WORD = /^[\p{L}\p{N}_]/u;
