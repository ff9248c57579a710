import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Sparse; the store of a row holds about 100 MB. */
const BYTES = 512 * 2 ** 20;
/** EXT4_IOC_SHUTDOWN, with what is in the journal written first: as a disk that stops answering, not as one that loses data. */
const SHUT_DOWN = "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 1))";
/** Whoever has a file open on it meets an error and closes it. */
const UNMOUNT_MS = 30_000;

/** A file system of its own in an image file, which can be made to answer EIO to everything, and mended. Needs root and loop devices. */
export class FailingDisk {
  private device = '';

  private constructor(
    private readonly folder: string,
    private readonly image: string,
  ) {}

  static mount(folder: string, image: string): FailingDisk {
    const file = openSync(image, 'w');
    ftruncateSync(file, BYTES);
    closeSync(file);
    run('mkfs.ext4', '-q', '-F', image);
    const disk = new FailingDisk(folder, image);
    disk.attach();
    return disk;
  }

  fail(): void {
    run('sync', '-f', this.folder);
    run(process.env['FORMWORK_PYTHON'] ?? 'python3', '-c', SHUT_DOWN, this.folder);
  }

  async mend(): Promise<void> {
    const end = Date.now() + UNMOUNT_MS;
    for (;;) {
      try {
        run('umount', this.folder);
        break;
      } catch (error) {
        if (Date.now() > end) throw error;
        await delay(100);
      }
    }
    run('losetup', '--detach', this.device);
    this.attach();
  }

  unmount(): void {
    run('umount', '--lazy', this.folder);
    run('losetup', '--detach', this.device);
  }

  /** By a device of its own each time: a file system that is still known to another mount namespace would come back as it was, failing. */
  private attach(): void {
    this.device = run('losetup', '--find', '--show', this.image).trim();
    run('mount', this.device, this.folder);
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' });
}
