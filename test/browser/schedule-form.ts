import type { Locator, Page } from 'playwright-core';

/** The Web UI's form that makes a schedule. */
export class ScheduleForm {
  readonly name: Locator;
  readonly workflowType: Locator;
  readonly workflowId: Locator;
  readonly taskQueue: Locator;
  readonly cron: Locator;
  private readonly input: Locator;

  private constructor(private readonly page: Page) {
    const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true });
    this.name = field('Schedule Name');
    this.workflowType = field('Workflow Type');
    this.workflowId = field('Workflow ID');
    this.taskQueue = field('Task Queue');
    this.cron = field('Cron expression');
    this.input = field('JSON Data');
  }

  static async open(page: Page, link: string): Promise<ScheduleForm> {
    await page.goto(link);
    return new ScheduleForm(page);
  }

  /** The editor lays the text out anew when it loses the focus, which would move the button away from under a click. */
  async typeInput(value: unknown): Promise<void> {
    await this.input.fill(JSON.stringify(value));
    await this.input.blur();
  }

  /** Presses Create, and waits for the list that has the new schedule. */
  async pressCreate(): Promise<void> {
    const name = await this.name.inputValue();
    await this.page.getByRole('button', { name: 'Create Schedule', exact: true }).click();
    await this.page.getByRole('table', { name: 'Schedules' }).getByRole('link', { name, exact: true }).waitFor();
  }
}
