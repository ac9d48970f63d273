import type { Queue, Queued } from "../delivery/queue.ts";
import type { Notification } from "./notification.ts";

/** One notification in line. */
export interface QueuedNotification extends Queued {
  readonly notification: Notification;
}

/** The line of notifications, durable or not. */
export interface NotificationQueue extends Queue<QueuedNotification> {
  /** Resolves once the notification is kept. */
  append(notification: Notification): Promise<void>;
  /** Whether another process may have left something in it. */
  readonly outlivesProcess: boolean;
  /** How many were let go because the line was full. */
  dropped(): number;
}
