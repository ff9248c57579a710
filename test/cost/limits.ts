/** What everything outside the ranks may use of the processors, as a share of what the ranks use. */
export const MOST_SHARE = 0.05;
