// Small tools for the page. Text only ever enters the document through textContent.

export const words = JSON.parse(document.body.dataset.strings);
export const byId = (id) => document.getElementById(id);

const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });

export const timeOf = (seconds) => clock.format(seconds * 1000);
export const exactTimeOf = (seconds) => exact.format(seconds * 1000);

export function dayOf(seconds) {
  const day = new Date(seconds * 1000);
  return day.toDateString() === new Date().toDateString() ? words.today : date.format(day);
}

export function initialsOf(name) {
  const letters = name.split(/\s+/).map((word) => [...word].find((c) => /[\p{L}\p{N}]/u.test(c)));
  const found = letters.filter(Boolean);
  return (found.length > 1 ? found[0] + found.at(-1) : found[0] ?? "?").toUpperCase();
}

export function drawAvatar(element, name, key) {
  let sum = 7;
  for (const character of key) sum = (sum * 31 + character.charCodeAt(0)) % 65521;
  element.textContent = initialsOf(name);
  element.className = element.className.replace(/\bhue-\d\b/g, "").trim() + ` hue-${sum % 8}`;
}

// Make an element with its properties and children; text stays text.
export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(element, visible) {
  element.hidden = !visible;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A test may have set a value that the list does not offer.
export function select(field, value) {
  if (field.options && ![...field.options].some((option) => option.value === value)) {
    field.add(new Option(value, value));
  }
  if (field.value !== value) field.value = value;
}

// Make the children of `list` follow `items`, moving and changing only what differs.
export function follow(list, items, { key, template, draw }) {
  const existing = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = key(item);
    let child = existing.get(name);
    existing.delete(name);
    if (!child) {
      child = byId(template(item)).content.firstElementChild.cloneNode(true);
      child.dataset.key = name;
    }
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
    draw(child, item);
  });
  for (const child of existing.values()) child.remove();
}

export async function post(path, data) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
