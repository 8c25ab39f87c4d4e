/** Labels must come from bounded sets: applications, reasons, states; never raw client input. */
export type MetricLabels = Readonly<Record<string, string>>;

/** Where rooms report counts and levels. Names: `foretap_<noun>_<base unit>[_total]`. */
export interface Metrics {
  add(counter: string, amount: number, labels?: MetricLabels): void;
  set(gauge: string, value: number, labels?: MetricLabels): void;
}

/** For tests and for callers who do not care. */
export const NO_METRICS: Metrics = { add() {}, set() {} };
