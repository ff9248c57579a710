import type { RunReport } from '../contract/report.js';
import { buildDocument } from './build-document.js';
import { markdownDocument } from './markdown/document.js';

/** The report as GitHub-flavoured Markdown, without images: what a chart shows is in a sentence and in the table beside it. */
export const renderMarkdown = (report: RunReport): string => markdownDocument(buildDocument(report));
