export const fakeNode = 'node-0';
