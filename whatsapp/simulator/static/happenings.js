// What else can happen: odd messages, groups, the business's own app, batches, time.

import { ask } from "./ask.js";
import { byId, make, post, setText, show, words } from "./dom.js";

const GROUPS = {
  g_people: [
    "number_change", "user_id_change", "identity_change", "stop_marketing", "resume_marketing",
    "call",
  ],
  g_odd: [
    "unsupported", "unknown_type", "too_big", "request_welcome", "no_object", "odd_text",
    "milliseconds", "edit_early", "revoke_early",
  ],
  g_business: ["stray_status", "value_errors", "unknown_field", "test_button"],
  g_groups: [
    "group_message", "group_create", "group_join", "group_leave", "group_settings", "group_delete",
    "group_status", "group_ticks",
  ],
  g_app: [
    "echo", "echo_edit", "echo_revoke", "history", "history_media", "history_refused",
    "contacts_added", "contacts_removed",
  ],
  g_many: ["batch", "big_body"],
};
const FIELDS = {
  number_change: [{ name: "to", value: "+55 11 97777-0001" }],
  value_errors: [{ name: "code", value: 130429, type: "number" }],
  stray_status: [{ name: "status", value: "delivered" }],
  group_message: [{ name: "text", value: "Oi, pessoal!" }],
  echo: [{ name: "text", value: "Respondido pelo app" }],
  history: [{ name: "count", value: 20, type: "number" }],
  batch: [{ name: "count", value: 100, type: "number" }],
};

export function startHappenings({ chosen, choose, poll }) {
  const select = byId("happening");
  for (const [group, names] of Object.entries(GROUPS)) {
    const options = names.map((name) => make("option", { value: name }, words[`h_${name}`]));
    select.append(make("optgroup", { label: words[group] }, ...options));
  }
  const act = async (path, data) => {
    const error = byId("happening-error");
    try {
      const answer = await post(path, data);
      show(error, false);
      setText(byId("happened"), words.happened);
      setTimeout(() => setText(byId("happened"), ""), 3000);
      return answer;
    } catch (problem) {
      setText(error, problem.message);
      show(error, true);
      return null;
    } finally {
      poll();
    }
  };
  byId("happenings").addEventListener("submit", async (event) => {
    event.preventDefault();
    const what = select.value;
    const details = await detailsOf(what);
    if (!details) return;
    const { phone_number_id, wa_id } = chosen;
    const wish = { what, phone_number_id, from: wa_id, ...details };
    const answer = await act("/simulator/happenings", wish);
    if (answer && answer.wa_id !== wa_id) choose({ wa_id: answer.wa_id });
  });
  byId("advance").addEventListener("click", () => {
    const hours = Number(byId("hours").value);
    act("/simulator/clock", { advance_seconds: hours * 3600 });
  });
}

async function detailsOf(what) {
  const fields = FIELDS[what];
  if (!fields) return {};
  const asked = fields.map((field) => ({ ...field, label: words[`q_${field.name}`] }));
  const values = await ask(words[`h_${what}`], asked);
  if (!values) return null;
  const numbers = fields.filter(({ type }) => type === "number").map(({ name }) => name);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, numbers.includes(key) ? Number(value) : value]),
  );
}
