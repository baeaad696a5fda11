// One event for "something on the page was drawn anew", however it came.
let waiting = false;

export const DRAWN = "inbox:drawn";

export function announce() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    document.dispatchEvent(new Event(DRAWN));
  });
}

export function whenDrawn(draw) {
  document.addEventListener(DRAWN, draw);
}

document.addEventListener("htmx:afterSettle", announce);
