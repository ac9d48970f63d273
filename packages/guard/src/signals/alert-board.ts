/** An alert of Alertmanager, Datadog or Dynatrace as the bridge's webhooks hand it on. */
export interface InboundAlert {
  readonly name: string;
  readonly status: "firing" | "resolved";
}

const mostAlerts = 1000;

/** Which alerts are firing: the last word on each name counts. */
export class AlertBoard {
  readonly #firing = new Set<string>();

  add(alerts: readonly InboundAlert[]): void {
    for (const { name, status } of alerts) {
      if (status === "resolved") this.#firing.delete(name);
      else if (this.#firing.size < mostAlerts) this.#firing.add(name);
    }
  }

  firing(): readonly string[] {
    return [...this.#firing].sort();
  }
}
