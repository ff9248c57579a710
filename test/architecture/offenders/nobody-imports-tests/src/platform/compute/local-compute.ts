import { fakeNode } from '../../../test/fake-node.js';

export const launch = (): string => fakeNode;
