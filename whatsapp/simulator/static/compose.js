// All that a customer can send beside text: files, places, people, orders.

import { ask } from "./ask.js";
import { byId, post, setText, show, words } from "./dom.js";

const FILES = {
  media: { accept: "image/jpeg,image/png,video/mp4,video/3gpp" },
  document: { accept: "", type: "document" },
  audio: { accept: "audio/*", type: "audio", voice: false },
  voice: { accept: "audio/ogg,audio/*", type: "audio", voice: true },
  sticker: { accept: "image/webp", type: "sticker" },
};
const ASKED = { location: askLocation, contact: askContact, order: askOrder };

// What the next message is: an answer to one, or the new text of one.
let target = null;

export function startCompose({ chosen, attempt, poll }) {
  const more = byId("more");
  let wanted = {};
  byId("more-list").addEventListener("click", async (event) => {
    const kind = event.target.closest("[data-send]")?.dataset.send;
    if (!kind) return;
    more.open = false;
    if (kind in FILES) {
      const { accept, ...rest } = FILES[kind];
      wanted = rest;
      const input = byId("file");
      input.accept = accept;
      input.click();
      return;
    }
    const message = await ASKED[kind]();
    if (message) await attempt(() => send({ message }, chosen));
    poll();
  });
  document.addEventListener("click", ({ target: place }) => {
    if (!place.closest("#more")) more.open = false;
  });
  byId("file").addEventListener("click", ({ isTrusted, target: input }) => {
    if (!isTrusted) return;
    wanted = {};
    input.accept = "";
  });
  byId("file").addEventListener("change", async ({ target: input }) => {
    const [file] = input.files;
    if (!file) return;
    await attempt(() => sendFile(file, chosen, wanted));
    input.value = "";
    poll();
  });
  byId("target-off").addEventListener("click", () => aim(null));
}

// Choose what the next message is about: {kind: "reply" | "edit", wamid, text}, or null.
export function aim(next) {
  target = next;
  show(byId("target"), Boolean(next));
  if (!next) return;
  const label = next.kind === "edit" ? words.editing : words.replying + next.text;
  setText(byId("target-text"), label);
  if (next.kind === "edit") byId("text").value = next.text;
  byId("text").focus();
}

export async function sendText(text, chosen) {
  if (target?.kind === "edit") {
    const message = { type: "text", text: { body: text } };
    const edit = { original_message_id: target.wamid, message };
    await send({ message: { type: "edit", edit } }, chosen);
  } else {
    await send({ text }, chosen);
  }
}

export async function send(wish, { phone_number_id, wa_id }) {
  await post("/simulator/inbound", { phone_number_id, from: wa_id, ...wish, ...frame() });
  settle();
}

// What surrounds the next message; marks count once.
function frame() {
  const around = {};
  if (target?.kind === "reply") around.reply_to = target.wamid;
  if (byId("as-forwarded").checked) around.forwarded = true;
  if (byId("as-referral").checked) around.referral = true;
  return around;
}

function settle() {
  byId("as-forwarded").checked = false;
  byId("as-referral").checked = false;
  aim(null);
}

async function sendFile(file, { phone_number_id, wa_id }, wanted) {
  const text = byId("text");
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
  await post("/simulator/files", {
    phone_number_id,
    from: wa_id,
    data: address.slice(address.indexOf(",") + 1),
    mime_type: file.type,
    filename: file.name,
    caption: text.value,
    voice: true,
    ...wanted,
    ...frame(),
  });
  text.value = "";
  settle();
}

export async function askPlace() {
  const values = await ask(words.s_location, [
    { name: "name", label: words.q_place, value: "Parque Ibirapuera" },
    { name: "address", label: words.q_address, value: "Av. Pedro Álvares Cabral, São Paulo" },
    { name: "latitude", label: words.q_latitude, value: "-23.5874", type: "number" },
    { name: "longitude", label: words.q_longitude, value: "-46.6576", type: "number" },
  ]);
  if (!values) return null;
  const { name, address } = values;
  const place = { latitude: Number(values.latitude), longitude: Number(values.longitude) };
  return { ...place, ...(name && { name }), ...(address && { address }) };
}

async function askLocation() {
  const location = await askPlace();
  return location && { type: "location", location };
}

async function askContact() {
  const values = await ask(words.s_contact, [
    { name: "name", label: words.q_name, value: "Ana Lima" },
    { name: "phone", label: words.q_phone, value: "+55 11 98888-7777" },
  ]);
  if (!values) return null;
  const name = { formatted_name: values.name, first_name: values.name.split(" ")[0] };
  const phones = [{ phone: values.phone, wa_id: values.phone.replace(/\D/g, ""), type: "CELL" }];
  return { type: "contacts", contacts: [{ name, phones }] };
}

async function askOrder() {
  const values = await ask(words.s_order, [
    { name: "sku", label: words.q_sku, value: "SKU-1" },
    { name: "quantity", label: words.q_quantity, value: 2, type: "number" },
    { name: "price", label: words.q_price, value: 30, type: "number" },
    { name: "text", label: words.q_text },
  ]);
  if (!values) return null;
  const item = {
    product_retailer_id: values.sku,
    quantity: Number(values.quantity),
    item_price: Number(values.price),
    currency: "BRL",
  };
  const order = { catalog_id: "800100200300", text: values.text, product_items: [item] };
  return { type: "order", order };
}
