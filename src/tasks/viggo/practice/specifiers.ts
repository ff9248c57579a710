/** What a request asks for: any adjective that stands before a noun and after "most". */
export const SPECIFIERS: readonly string[] = [
  ...['relaxing', 'fast-paced', 'challenging', 'addictive', 'boring', 'colorful', 'creative', 'difficult', 'dramatic', 'emotional'],
  ...['entertaining', 'exciting', 'frustrating', 'hilarious', 'inspiring', 'intense', 'memorable'],
  ...['mysterious', 'original', 'overrated', 'peaceful', 'polished', 'realistic', 'repetitive', 'rewarding', 'satisfying'],
  ...['scary', 'strange', 'stressful', 'surprising', 'underrated', 'unforgiving', 'violent'],
  ...['buggy', 'cozy', 'atmospheric', 'ambitious', 'well-written', 'overpriced', 'cheerful'],
];
