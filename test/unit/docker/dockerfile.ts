export interface Instruction {
  /** In capitals. */
  keyword: string;
  /** The rest of the line, continuation lines joined, comments between them left out. */
  text: string;
  line: number;
}

export interface Stage {
  name: string;
  /** An image, or the name of an earlier stage. */
  from: string;
  instructions: Instruction[];
}

const KEYWORDS = 'ARG CMD COPY ENTRYPOINT ENV FROM HEALTHCHECK RUN USER VOLUME WORKDIR'.split(' ');

/** The stages of a Dockerfile, with what stands before the first. @throws on a line that is no instruction we use. */
export function parseDockerfile(text: string): { before: Instruction[]; stages: Stage[] } {
  const before: Instruction[] = [];
  const stages: Stage[] = [];
  for (const instruction of instructions(text)) {
    if (instruction.keyword !== 'FROM') {
      (stages.at(-1)?.instructions ?? before).push(instruction);
      continue;
    }
    const [, from, name] = /^(\S+) AS (\S+)$/.exec(instruction.text) ?? [];
    if (from === undefined || name === undefined) throw new Error(`line ${instruction.line}: expected FROM <image> AS <name>`);
    stages.push({ name, from, instructions: [] });
  }
  return { before, stages };
}

function instructions(text: string): Instruction[] {
  const found: Instruction[] = [];
  let open: Instruction | null = null;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const continues = line.endsWith('\\');
    const content = continues ? line.slice(0, -1).trim() : line;
    if (open === null) {
      const [keyword = '', ...rest] = content.split(' ');
      if (!KEYWORDS.includes(keyword)) throw new Error(`line ${index + 1}: ${keyword} is no instruction`);
      open = { keyword, text: rest.join(' '), line: index + 1 };
      found.push(open);
    } else {
      open.text = `${open.text} ${content}`;
    }
    if (!continues) open = null;
  }
  if (open !== null) throw new Error(`line ${open.line}: the last line is to be continued`);
  return found;
}

export interface Copy {
  /** Stage that it copies from; null for the build context. */
  from: string | null;
  sources: string[];
  target: string;
}

export function copies(stage: Stage): Copy[] {
  return stage.instructions
    .filter(({ keyword }) => keyword === 'COPY')
    .map(({ text }) => {
      const words = text.split(' ');
      const options = words.filter((word) => word.startsWith('--'));
      const paths = words.filter((word) => !word.startsWith('--'));
      const from = options.find((option) => option.startsWith('--from='))?.slice('--from='.length) ?? null;
      return { from, sources: paths.slice(0, -1), target: paths.at(-1) as string };
    });
}

/** Values that ARG gives when the builder is told nothing. */
export function argumentDefaults(list: readonly Instruction[]): Map<string, string> {
  return new Map(list.filter(({ keyword }) => keyword === 'ARG').map(({ text }) => text.split('=', 2) as [string, string]));
}
