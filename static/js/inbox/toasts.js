// Short notices. They leave by themselves, but not while somebody is at them.
const LEAVE_MS = 10_000;
const MAX = 3;
const box = document.getElementById("toasts");

export function toast(sentence) {
  const notice = document.createElement("div");
  notice.className = "toast";
  const text = document.createElement("p");
  text.textContent = sentence;
  notice.append(text);
  box.append(notice);
}

function leave(notice) {
  setTimeout(() => (notice.matches(":hover, :focus-within") ? leave(notice) : notice.remove()), LEAVE_MS);
}

new MutationObserver((records) => {
  for (const record of records) {
    for (const node of record.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) leave(node);
  }
  while (box.childElementCount > MAX) box.firstElementChild.remove();
}).observe(box, { childList: true });

box.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest(".toast").remove();
});
