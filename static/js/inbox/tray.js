// Files that wait to be sent: picked, pasted or dropped, looked at first, each with its caption.
import { whenDrawn } from "./drawn.js";
import { openId } from "./list.js";
import { asJpeg, thumbnail } from "./pictures.js";
import { upload } from "./request.js";
import { toast } from "./toasts.js";
import { uuid } from "./uuid.js";

const WITH_CAPTION = new Set(["image", "video", "document"]);
const trays = new Map(); // what waits, by conversation: it stays while one looks at another
let rules = null;

const tray = () => document.getElementById("tray");
const items = () => trays.get(openId()) ?? [];
const isClosed = () => tray()?.closest(".foot").dataset.window === "closed";

function limits() {
  rules ??= JSON.parse(tray().dataset.limits);
  return rules;
}

function shownSize(bytes) {
  const [unit, name] = bytes >= 2 ** 20 ? [2 ** 20, "MB"] : [2 ** 10, "KB"];
  return bytes < 2 ** 10 ? `${bytes} B` : `${Math.ceil((bytes * 10) / unit) / 10} ${name}`;
}

const typeOf = (file) => limits().aliases[file.type] ?? file.type;

// Why a file may not go as it is: "" if it may. What browsers do not know, the server looks at.
function refusal(file, kind) {
  const type = typeOf(file);
  if (!kind && type && type !== "application/octet-stream") return limits().none.replace("%(type)s", type);
  const { most, sentence } = limits().kinds[kind || "document"];
  if (file.size > 0 && file.size <= most) return "";
  return sentence.replace("%(type)s", type || "?").replace("%(size)s", shownSize(file.size));
}

async function add(file, of = openId(), more = {}) {
  const item = { id: uuid(), original: file, file, caption: "", picture: "", error: "", isSending: false, ...more };
  item.kind = limits().types[typeOf(file)] ?? "";
  const mayBeDocument = item.kind && item.kind !== "document" && !refusal(file, item.kind);
  item.mayBeDocument = mayBeDocument;
  trays.set(of, [...(trays.get(of) ?? []), item]);
  item.ready = prepare(item);
  await item.ready;
  if (of === openId()) draw();
}

async function prepare(item) {
  const file = item.original;
  if (file.type.startsWith("image/")) {
    item.picture = await thumbnail(file);
    await makePhoto(item);
  } else item.error = refusal(file, item.kind);
}

// WhatsApp takes JPEG and PNG: every other picture, and one that is too large, is drawn anew.
async function makePhoto(item) {
  const { most } = limits().kinds.image;
  if (item.kind === "image" && item.original.size <= most) return;
  const jpeg = await asJpeg(item.original, most);
  item.file = jpeg ?? item.original;
  item.isConverted = Boolean(jpeg);
  item.error = jpeg ? "" : tray()?.dataset.unreadable ?? "";
}

export function addFiles(files) {
  if (!tray() || isClosed()) return;
  for (const file of files) add(file);
  draw();
}

// What was said belongs where it was begun, whatever is open by now.
export function addVoice(file, of) {
  if (!tray()) return;
  add(file, of, { isVoice: true });
  draw();
}

function remove(item) {
  trays.set(openId(), items().filter((one) => one !== item));
  draw();
}

function draw() {
  const list = tray();
  if (!list) return;
  const waiting = items();
  list.hidden = waiting.length === 0;
  for (const row of [...list.children]) {
    if (!waiting.some((item) => row.id === `tray-${item.id}`)) row.remove();
  }
  for (const item of waiting) drawItem(document.getElementById(`tray-${item.id}`) ?? makeRow(list, item), item);
}

function makeRow(list, item) {
  const row = document.getElementById("tray-item").content.firstElementChild.cloneNode(true);
  row.id = `tray-${item.id}`;
  row.querySelector("button").addEventListener("click", () => remove(item));
  row.querySelector(".tray-caption").addEventListener("input", ({ target }) => (item.caption = target.value));
  row.querySelector(".tray-caption").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) document.getElementById("composer").requestSubmit();
  });
  row.querySelector("[type=checkbox]").addEventListener("change", ({ target }) => {
    item.asDocument = target.checked;
    drawItem(row, item);
  });
  list.append(row);
  return row;
}

function drawItem(row, item) {
  const file = item.asDocument ? item.original : item.file;
  const kind = item.asDocument ? "document" : item.isConverted ? "image" : item.kind;
  const note = item.isConverted && !item.asDocument ? ` · ${tray().dataset.converted}` : "";
  row.querySelector(".tray-name").textContent = item.original.name;
  row.querySelector(".tray-size").textContent = shownSize(file.size) + note;
  const error = row.querySelector(".field-error");
  error.textContent = item.asDocument ? "" : item.error;
  error.hidden = !error.textContent;
  const caption = row.querySelector(".tray-caption");
  if (document.activeElement !== caption) caption.value = item.caption;
  caption.hidden = !error.hidden || (kind !== "" && !WITH_CAPTION.has(kind));
  caption.readOnly = item.isSending;
  row.querySelector(".tray-document").hidden = !item.mayBeDocument;
  row.querySelector("progress").hidden = !item.isSending;
  row.querySelector("button").disabled = item.isSending;
  if (item.picture && !row.querySelector("img")) {
    const image = document.createElement("img");
    image.src = item.picture;
    image.alt = "";
    row.querySelector(".tray-picture").replaceChildren(image);
  }
}

// Hands out what is to be sent now; what cannot be stays, with its reason.
export function takeFiles() {
  const ready = items().filter((item) => !item.isSending && (!item.error || item.asDocument));
  for (const item of ready) item.isSending = true;
  draw();
  return ready.map((item) => ({ item, url: tray().dataset.url, lost: tray().dataset.lost, of: openId() }));
}

// Sends one file; true when it is queued. The same file again has the same id: it is sent once.
export async function sendFile({ item, url, lost, of }, { seen, force, quote }) {
  await item.ready;
  if (item.error && !item.asDocument) return false;
  const form = new FormData();
  form.set("client_id", item.id);
  form.set("seen", seen);
  if (force) form.set("force", "on");
  if (quote) form.set("reply_to", quote);
  if (item.asDocument) form.set("as_document", "on");
  if (item.isVoice) form.set("voice", "on");
  const hasCaption = !document.getElementById(`tray-${item.id}`)?.querySelector(".tray-caption").hidden;
  if (hasCaption && item.caption.trim()) form.set("caption", item.caption);
  const file = item.asDocument ? item.original : item.file;
  form.set("file", file, file.name);
  const status = await upload(url, form, (part) => {
    const bar = document.getElementById(`tray-${item.id}`)?.querySelector("progress");
    if (bar) bar.value = part;
  });
  item.isSending = false;
  const isSent = status >= 200 && status < 300;
  if (isSent) trays.set(of, (trays.get(of) ?? []).filter((one) => one !== item));
  if (!status) toast(lost);
  if (of === openId()) draw();
  document.dispatchEvent(new Event("inbox:behind"));
  return isSent;
}

// Marks files as waiting again that were taken and not sent.
export function giveFilesBack(taken) {
  for (const { item } of taken) item.isSending = false;
  draw();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#attach") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  document.getElementById("files").click();
});
document.addEventListener("change", ({ target }) => {
  if (target.id !== "files") return;
  addFiles([...target.files]);
  target.value = "";
});
document.addEventListener("paste", (event) => {
  if (!event.clipboardData?.files.length || !tray()) return;
  event.preventDefault();
  addFiles([...event.clipboardData.files]);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const thread = event.target.closest?.(".thread");
    if (!thread || !tray() || isClosed() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    thread.classList.toggle("dropping", kind === "dragover");
    thread.dataset.drop = tray().dataset.drop;
    if (kind === "drop") addFiles([...event.dataTransfer.files]);
  });
}
window.addEventListener("beforeunload", (event) => {
  if ([...trays.values()].some((waiting) => waiting.length)) event.preventDefault();
});
whenDrawn(draw);
