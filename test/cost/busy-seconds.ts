import { cpus } from 'node:os';

/** CPU-seconds that the machine has been busy since it was started, whoever had it. */
export const busySeconds = (): number =>
  cpus().reduce((total, { times: { user, nice, sys, irq } }) => total + (user + nice + sys + irq) / 1000, 0);
