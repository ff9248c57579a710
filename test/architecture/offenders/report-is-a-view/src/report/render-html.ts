import { judgeName } from '../tasks/judge-name.js';

export const renderHtml = (): string => `<p>${judgeName}</p>`;
