// One dialog for every question: fields in, values out, null when it was left.

import { byId, make, setText, show, words } from "./dom.js";

// `fields`: name, label, value, and type ("text", "number", "area", "choice" with options).
export function ask(title, fields, check = () => "") {
  const dialog = byId("ask");
  const form = dialog.querySelector("form");
  const error = dialog.querySelector(".error");
  setText(dialog.querySelector("h2"), title);
  show(error, false);
  dialog.querySelector(".fields").replaceChildren(...fields.map(fieldOf));
  return new Promise((resolve) => {
    const answer = (values) => {
      form.onsubmit = null;
      dialog.onclose = null;
      dialog.close();
      resolve(values);
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      if (event.submitter?.value === "cancel") return answer(null);
      const values = Object.fromEntries(new FormData(form));
      const problem = check(values);
      setText(error, problem);
      show(error, Boolean(problem));
      if (!problem) answer(values);
    };
    dialog.onclose = () => answer(null);
    dialog.showModal();
  });
}

function fieldOf({ name, label, value = "", type = "text", options = [] }) {
  if (type === "choice") {
    const rows = options.map(({ id, title, description }, at) => {
      const box = make("input", { type: "radio", name, value: id, checked: at === 0 });
      const small = description ? [make("small", {}, description)] : [];
      return make("label", { className: "row" }, box, make("span", {}, title, ...small));
    });
    return make("fieldset", {}, make("legend", {}, label), ...rows);
  }
  const field = make(type === "area" ? "textarea" : "input", { name, autocomplete: "off" });
  if (type === "number") Object.assign(field, { type: "number", step: "any" });
  field.value = value;
  return make("label", {}, label, field);
}

export const isObject = (text) => {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
};

export const needsObject = ({ answer }) => (isObject(answer) ? "" : words.invalid_json);
