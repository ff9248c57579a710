export interface Planner {
  plan(): string;
}
