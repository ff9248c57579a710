import type { RunReport } from '../contract/report.js';
import { buildDocument } from './build-document.js';
import { page } from './html/page.js';

/** The report as one HTML file that needs nothing else: no script, no network, charts as inline SVG, light and dark. */
export const renderHtml = (report: RunReport): Promise<string> => page(buildDocument(report));
