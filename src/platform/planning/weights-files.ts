import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** The header of 70 billion parameters takes 0.1 MB; safetensors itself refuses more than this. */
const MAX_HEADER_BYTES = 100_000_000;

/** Which file has which tensor, where weights are in several files. */
const WeightIndex = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Of each tensor, where its bytes lie behind the header. `__metadata__` has none. */
const TensorHeader = z.record(z.string(), z.object({ data_offsets: z.tuple([z.int(), z.int()]).optional() }));

/** What is wrong with the weights of a transformers directory, as far as their headers tell; null: nothing. `names` are its files. */
export async function weightsProblem(path: string, names: readonly string[]): Promise<string | null> {
  const files = await weightFiles(path, names);
  if (typeof files === 'string') return files;
  const missing = files.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    return (
      `expected ${files.length} files of weights in ${path}, as its ${INDEX} says, but ${missing.length} ` +
      `(${missing.slice(0, 3).join(', ')}) are not there; copy the directory again`
    );
  }
  for (const name of files) {
    const problem = await fileProblem(join(path, name));
    if (problem !== null) return problem;
  }
  return null;
}

async function weightFiles(path: string, names: readonly string[]): Promise<string[] | string> {
  if (names.includes(WHOLE)) return [WHOLE];
  if (!names.includes(INDEX)) {
    return `expected weights as ${WHOLE} in ${path}; save the model with save_pretrained(..., safe_serialization=True)`;
  }
  const index = WeightIndex.safeParse(jsonOrNull(await readFile(join(path, INDEX), 'utf8')));
  if (!index.success)
    return `expected a JSON object with weight_map in ${join(path, INDEX)}; save the model again with save_pretrained`;
  return [...new Set(Object.values(index.data.weight_map))];
}

/** A copy that broke off, or a pointer instead of a file, would be found only on the nodes. */
async function fileProblem(path: string): Promise<string | null> {
  const { size } = await stat(path);
  const file = await open(path);
  try {
    const start = Buffer.alloc(8);
    await file.read(start, 0, start.length, 0);
    if (start.toString('latin1').startsWith('version ')) {
      return `expected weights in ${path}, but it is a Git LFS pointer of ${size} bytes; fetch the file itself with git lfs pull`;
    }
    const headerBytes = Number(start.readBigUInt64LE());
    const remedy = `; save the model again with save_pretrained, or copy the file again`;
    if (size < start.length || headerBytes > MAX_HEADER_BYTES)
      return `expected a safetensors file at ${path}, but it has no header${remedy}`;
    const header = Buffer.alloc(headerBytes);
    const { bytesRead } = await file.read(header, 0, headerBytes, start.length);
    if (bytesRead < headerBytes)
      return `expected ${headerBytes} bytes of header in ${path}, but it ends after ${size} bytes${remedy}`;
    const tensors = TensorHeader.safeParse(jsonOrNull(header.toString('utf8')));
    if (!tensors.success) return `expected a safetensors file at ${path}, but its header cannot be read${remedy}`;
    const dataBytes = Object.values(tensors.data).reduce((end, { data_offsets: at }) => Math.max(end, at?.[1] ?? 0), 0);
    const expected = start.length + headerBytes + dataBytes;
    return size === expected ? null : `expected ${expected} bytes in ${path}, as its header says, but it has ${size}${remedy}`;
  } finally {
    await file.close();
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No schema of ours takes null: the caller says what was expected.
    return null;
  }
}
