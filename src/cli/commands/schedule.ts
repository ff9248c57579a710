import { Command } from 'commander';
import { backfillSchedule } from '../schedule/backfill-schedule.js';
import { createSchedule } from '../schedule/create-schedule.js';
import { deleteSchedule } from '../schedule/delete-schedule.js';
import { listSchedules } from '../schedule/list-schedules.js';
import { pauseSchedule } from '../schedule/pause-schedule.js';
import { resumeSchedule } from '../schedule/resume-schedule.js';
import { showSchedule } from '../schedule/show-schedule.js';
import { triggerSchedule } from '../schedule/trigger-schedule.js';

export const scheduleCommand = (): Command => {
  const command = new Command('schedule')
    .description('start runs by a schedule, as every night: make, list, show, pause, resume, trigger, backfill and delete')
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      '\nExample:\n  formwork schedule create nightly viggo.json --cron "0 2 * * *" --time-zone Europe/Berlin\n',
    );
  for (const part of [
    createSchedule,
    listSchedules,
    showSchedule,
    pauseSchedule,
    resumeSchedule,
    triggerSchedule,
    backfillSchedule,
    deleteSchedule,
  ])
    command.addCommand(part());
  return command;
};
