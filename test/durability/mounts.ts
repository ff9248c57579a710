import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In one line why a file system of its own cannot be mounted here; null: it can. */
export function canMountDisks(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'formwork-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
    execFileSync('umount', [folder]);
    return null;
  } catch {
    return 'needs a tmpfs to fill, and this user may not mount one';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Likewise for an image file that is mounted as a disk. */
export function canMountLoops(): string | null {
  return canMountDisks() === null && existsSync('/dev/loop-control')
    ? null
    : 'needs a disk that can fail, and this user may mount no loop device';
}
