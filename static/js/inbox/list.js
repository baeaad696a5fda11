// The list beside the thread: which row is open, how many wait, what the tab's title says.
import { announce, whenDrawn } from "./drawn.js";
import { forget } from "./order.js";

const rows = document.getElementById("rows");

export const openId = () => document.getElementById("conversation")?.dataset.conversation ?? "";

function draw() {
  const open = openId();
  for (const link of rows.querySelectorAll("a[aria-current]")) {
    if (link.closest("li").id !== `row-${open}`) link.removeAttribute("aria-current");
  }
  document.querySelector(`#row-${open || "none"} > a`)?.setAttribute("aria-current", "true");
  const total = Number(document.getElementById("unread-total").dataset.total);
  const name = document.getElementById("conversation").dataset.name;
  const title = [name, rows.dataset.title].filter(Boolean).join(" · ");
  document.title = total ? `(${total}) ${title}` : title;
}

// Older rows and search results come by a plain swap; what waited for its place is part of them.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === rows) forget();
});

whenDrawn(draw);
announce();
