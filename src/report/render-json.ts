import type { RunReport } from '../contract/report.js';

/** The record itself, for programs: what the HTML and the Markdown are made from. Ends with a line feed. */
export const renderJson = (report: RunReport): string => `${JSON.stringify(report, null, 2)}\n`;
