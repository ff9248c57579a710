import type { Locator, Page } from 'playwright-core';

/** The Web UI's form that starts a workflow. */
export class StartForm {
  readonly workflowId: Locator;
  readonly taskQueue: Locator;
  readonly workflowType: Locator;
  private readonly input: Locator;
  private readonly start: Locator;

  private constructor(private readonly page: Page) {
    const field = (name: string): Locator => page.getByRole('textbox', { name, exact: true });
    this.workflowId = field('Workflow ID');
    this.taskQueue = field('Task Queue');
    this.workflowType = field('Workflow Type');
    this.input = field('Data');
    this.start = page.getByRole('button', { name: 'Start Workflow', exact: true });
  }

  /** Opens a link to the form, and waits until the form has asked the server for the queue and for an input to copy. */
  static async open(page: Page, link: string): Promise<StartForm> {
    await page.goto(link);
    return StartForm.opened(page);
  }

  /** The form that a click has opened. */
  static async opened(page: Page): Promise<StartForm> {
    await page.getByText('Task Queue is Active').waitFor();
    return new StartForm(page);
  }

  /** The input that the form has copied, as soon as it is there. */
  async copiedInput(): Promise<unknown> {
    await this.input.filter({ hasText: '}' }).waitFor();
    return JSON.parse(await this.typedInput());
  }

  /** What the field shows; an editor without text holds one empty line. */
  async typedInput(): Promise<string> {
    return (await this.input.innerText()).trim();
  }

  /** Replaces the input. The editor lays it out anew when it loses the focus, which would move the button away from under a click. */
  async typeInput(value: unknown): Promise<void> {
    await this.input.fill(JSON.stringify(value));
    await this.input.blur();
  }

  /** Presses Start and follows the link of the note that says it worked. */
  async pressStart(): Promise<void> {
    await this.start.click();
    await this.page.getByRole('link', { name: 'Workflow started successfully' }).click();
  }
}
