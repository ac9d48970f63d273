import type { Notification, NotificationSeverity } from "@flagspan/bridge";
import type { GuardNotice } from "@flagspan/guard";

const severities: Readonly<Record<GuardNotice["topic"], NotificationSeverity>> = {
  started: "info",
  advanced: "info",
  completed: "info",
  holding: "warning",
  approval: "warning",
  paused: "warning",
  "rolled-back": "warning",
  breach: "critical",
  killed: "critical",
  alarm: "critical",
};

/** Returns what the guard has to tell as the bridge's sinks tell it. */
export function toNotification(notice: GuardNotice): Notification {
  return {
    id: notice.id,
    occurredAt: new Date(notice.atMs).toISOString(),
    kind: notice.topic,
    flagSetId: notice.flagSetId,
    flagKey: notice.flagKey,
    rolloutId: notice.rolloutId,
    stage: notice.stage,
    sentence: writeSentence(notice),
    severity: severities[notice.topic],
    evidence: notice.evidence,
  };
}

/** Says the flag and what was done first: the sentence may be all that somebody reads on a telephone. */
function writeSentence({ flagKey, topic, message }: GuardNotice): string {
  if (topic === "killed") return `${flagKey} was switched off for everybody. ${message}`;
  return message.startsWith(flagKey) ? message : `${flagKey}: ${message}`;
}
