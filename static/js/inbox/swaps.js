// How fragments find their place: `morph` by their own id, `sorted` by their key in a list.
import { announce } from "./drawn.js";
import { hold } from "./order.js";
import { keepInView } from "./scroll.js";

const after = (order, one, other) => (order === "desc" ? one < other : one > other);

function successor(list, key) {
  const { order } = list.dataset;
  for (const child of list.children) {
    if (child.dataset.sort !== undefined && after(order, child.dataset.sort, key)) return child;
  }
  return order === "desc" ? list.querySelector(":scope > :not([data-sort])") : null;
}

// What stands beyond the loaded part comes with "older", in one piece with its neighbours.
function isBeyond(list, key) {
  const more = list.querySelector(":scope > [data-more]");
  if (!more) return false;
  const keyed = [...list.children].filter((child) => child.dataset.sort !== undefined);
  const edge = list.dataset.order === "desc" ? keyed.at(-1) : keyed.at(0);
  return Boolean(edge) && (list.dataset.order === "desc" ? key < edge.dataset.sort : key < edge.dataset.sort);
}

export function place(list, element) {
  const key = element.dataset.sort;
  let here = document.getElementById(element.id);
  const stays = here?.dataset.sort === key;
  if (here) here = Idiomorph.morph(here, element, { morphStyle: "outerHTML" })[0];
  if (stays) return here;
  if (!here && isBeyond(list, key)) return null;
  if (hold(list, here ?? element)) return here ?? element;
  const node = here ?? element;
  list.querySelector(":scope > [data-empty]")?.remove();
  list.insertBefore(node, successor(list, key));
  return node;
}

function sorted(list, element) {
  const ghost = element.dataset.client && document.getElementById(`ghost-${element.dataset.client}`);
  if (ghost) ghost.remove();
  return keepInView(list, () => place(list, element));
}

htmx.defineExtension("inbox", {
  isInlineSwap: (style) => style === "morph" || style === "sorted",
  handleSwap(style, target, fragment) {
    const element = fragment.firstElementChild;
    if (style === "morph") {
      announce();
      // What somebody is just writing is not replaced.
      return Idiomorph.morph(target, element, { morphStyle: "outerHTML", ignoreActiveValue: true });
    }
    if (style === "sorted") {
      announce();
      const node = sorted(target, element);
      return node ? [node] : true;
    }
    return false;
  },
});
