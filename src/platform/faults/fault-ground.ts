import type { Client } from '@temporalio/client';
import type { Random } from '../../domain/random.js';
import type { Home } from '../home/home.js';
import type { ObjectStore } from '../object-store/port.js';

/** The run that is struck, and what a strike finds its way by. */
export interface FaultGround {
  runKey: string;
  workflowId: string;
  home: Home;
  store: ObjectStore;
  client: Client;
  /** Chooses which rank, node or file. */
  random: Random;
  /** Of a fault that lasts. */
  seconds: number;
  /** Ends a fault that lasts before its time. */
  signal: AbortSignal;
  /** Told of a fault that lasts when it has begun, and how it ends by itself. */
  say: (line: string) => void;
}

/** What was done, and when. */
export interface Strike {
  /** For a person: which rank, process, node, file. */
  what: string;
  at: number;
  /** When a fault that lasts was over; else the same as `at`. */
  overAt: number;
  /** Task queues whose workers have to come back. */
  queues?: string[];
  /** A checkpoint that training must not go on from. */
  damaged?: { trajectory: number; step: number };
}

/** A strike that was done in a moment: this one. */
export function struckNow(what: string): Strike {
  const at = Date.now();
  return { what, at, overAt: at };
}
