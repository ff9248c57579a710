import type { TaskName } from '../contract/kinds.js';
import type { Task } from './task.js';
import { viggoTask } from './viggo/viggo-task.js';

const tasks: Record<TaskName, Task> = { viggo: viggoTask };

export const taskNamed = (name: TaskName): Task => tasks[name];
