// The thread grows from its end (column-reverse): at the end it stays there by itself; anywhere
// else what is being read must not move when something is added.
const END_PX = 60;

export const scroller = () => document.getElementById("scroller");

export function isAtEnd() {
  const box = scroller();
  return !box || box.scrollTop > -END_PX;
}

export function toEnd() {
  scroller()?.scrollTo({ top: 0 });
}

export function keepInView(list, change) {
  const box = list.closest("#scroller");
  if (!box || isAtEnd()) return change();
  const frame = box.getBoundingClientRect();
  const bubbles = [...list.querySelectorAll(":scope > [data-id]")]; // a day sticks, and says nothing
  const anchor = bubbles.find((bubble) => bubble.getBoundingClientRect().bottom > frame.top);
  const before = anchor?.getBoundingClientRect().top;
  const result = change();
  if (anchor?.isConnected) box.scrollTop += anchor.getBoundingClientRect().top - before;
  return result;
}
