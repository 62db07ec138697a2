/** An instant in a budget's own time zone, to the minute: its days begin there, not where the reader is. */
export function instantIn(timeZone: string, at: string | number): string {
  const shown = (zone: string | undefined) =>
    new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(
      new Date(at),
    );
  try {
    return shown(timeZone);
  } catch {
    // A zone that this browser has not heard of yet: its own, rather than nothing.
    return shown(undefined);
  }
}
