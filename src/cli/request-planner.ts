import { readEnvironment } from '../platform/environment.js';
import { Home } from '../platform/home/home.js';
import { LocalPlanner } from '../platform/planning/local-planner.js';
import { checkRows } from '../tasks/check-rows.js';

/** Checks a request before anything is started, by the rules of the control worker; Python is checked, or made, when that starts. */
export function requestPlanner(): LocalPlanner {
  const folder = process.cwd();
  const { home } = readEnvironment(process.env, folder);
  return new LocalPlanner({ folder, checkRows, home: new Home(home), python: null });
}
