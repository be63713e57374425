/** When the run ends on this computer's clock: `14:05`, with the day when that is not today. */
export function finishTime(nowMs: number, etaSeconds: number, language: string): string {
  const end = new Date(nowMs + etaSeconds * 1000);
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  if (end.toDateString() === new Date(nowMs).toDateString()) {
    return end.toLocaleTimeString(language, time);
  }
  return end.toLocaleString(language, { ...time, weekday: 'short' });
}
