// What a page remembers between visits.

/** Storage may be forbidden; then the page merely forgets. */
export function remember(storage, key, value) {
  try {
    window[storage].setItem(`stentor.${key}`, value);
  } catch {}
}

export function recall(storage, key) {
  try {
    return window[storage].getItem(`stentor.${key}`);
  } catch {
    return null;
  }
}
