// Rows do not move under a pointer or a keyboard: they wait, and a pill says how many.
const IDLE_MS = 4000;

const box = document.getElementById("rows-box");
const rows = document.getElementById("rows");
const pill = document.getElementById("refresh");
const waiting = new Map();
let activeUntil = 0;
let timer = 0;

const isActive = () => performance.now() < activeUntil;

function touch() {
  activeUntil = performance.now() + IDLE_MS;
}

function show() {
  pill.hidden = waiting.size === 0;
  const { one, many } = pill.dataset;
  pill.textContent = waiting.size === 1 ? one : many.replace("{n}", waiting.size);
}

// Keeps a row where it is while the list is in use. True when it has to wait.
export function hold(list, row) {
  if (list !== rows || !isActive()) return false;
  waiting.set(row.id, row);
  show();
  clearTimeout(timer);
  timer = setTimeout(release, IDLE_MS);
  return true;
}

export function release() {
  clearTimeout(timer);
  if (isActive() && waiting.size) {
    timer = setTimeout(release, IDLE_MS);
    return;
  }
  const selected = rows.querySelector("[aria-current]")?.closest("li");
  const wasVisible = selected && isVisible(selected);
  for (const row of waiting.values()) if (!row.isConnected) rows.prepend(row);
  waiting.clear();
  const keyed = [...rows.children].filter((row) => row.dataset.sort !== undefined);
  keyed.sort((one, other) => (one.dataset.sort < other.dataset.sort ? 1 : -1));
  keyed.forEach((row, index) => {
    if (rows.children[index] !== row) rows.insertBefore(row, rows.children[index]);
  });
  if (keyed.length) rows.querySelector(":scope > [data-empty]")?.remove();
  if (wasVisible) selected.scrollIntoView({ block: "nearest" });
  show();
}

export function forget() {
  waiting.clear();
  show();
}

function isVisible(row) {
  const { top, bottom } = row.getBoundingClientRect();
  const frame = box.getBoundingClientRect();
  return bottom > frame.top && top < frame.bottom;
}

for (const type of ["pointermove", "pointerdown", "wheel", "keydown", "focusin"]) {
  box.addEventListener(type, touch, { passive: true });
}
box.addEventListener("pointerleave", () => {
  activeUntil = 0;
  if (waiting.size) release();
});
pill.addEventListener("click", () => {
  activeUntil = 0;
  release();
  box.scrollTo({ top: 0 });
});
