import { Client } from '@temporalio/client';

export const claimRun = (): Client => new Client();
