import type { FrameLocator, Locator, Page } from 'playwright-core';

/** The Web UI's page of one run. */
export class RunPage {
  /** The result of a completed run, the failure of a failed one. */
  readonly result: Locator;

  constructor(private readonly page: Page) {
    this.result = page.getByRole('main').getByRole('textbox', { name: 'Result', exact: true });
  }

  /** Resolves when the page says so; it follows the server by itself. */
  async says(status: 'Running' | 'Completed' | 'Failed' | 'Canceled', timeoutMs: number): Promise<void> {
    await this.page.getByRole('main').getByRole('status').filter({ hasText: status }).waitFor({ timeout: timeoutMs });
  }

  /** Resolves when the timeline has this activity or child workflow. */
  async shows(event: string, timeoutMs: number): Promise<void> {
    await this.page
      .getByRole('button', { name: new RegExp(`^Event ${event}: `) })
      .first()
      .waitFor({ timeout: timeoutMs });
  }

  async startLikeThis(): Promise<void> {
    await this.page.getByRole('button', { name: 'More Actions' }).click();
    await this.page.getByRole('menuitem', { name: 'Start Workflow Like This One' }).click();
  }

  /** Opens the tab that has the summary and the current details, and gives the frame of the latter. */
  async openDetails(): Promise<FrameLocator> {
    await this.page.getByRole('tab', { name: 'User Metadata' }).click();
    return this.page.getByRole('main').locator('iframe').last().contentFrame();
  }
}
