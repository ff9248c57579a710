/**
 * 32-bit hash of a text: FNV-1a over its UTF-16 code units, finished with the mixer of MurmurHash3,
 * since the high bits of bare FNV-1a hardly change between short texts that differ in their last letter.
 * For spreading and seeding, not for integrity; the value never changes between versions.
 */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The hash as a share in [0, 1). */
export function hashShare(text: string): number {
  return textHash(text) / 2 ** 32;
}
