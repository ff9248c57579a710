import { pollControlQueue } from '../workers/control.js';

pollControlQueue();
