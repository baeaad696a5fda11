// Meta's Embedded Signup: its window gives a code to FB.login, and tells in a message what was
// signed up. Both go to the server at once, since the code is good for 30 seconds only. What the
// message says is a claim: the server proves it.
const HOSTS = new Set(["https://www.facebook.com", "https://web.facebook.com"]);
const form = document.getElementById("signup");
const status = document.getElementById("signup-status");
const known = { code: "", waba_id: "", phone_number_id: "" };
let isReady = false;

const say = (words) => {
  status.textContent = words;
};

const sendWhenComplete = () => {
  if (!known.code || !known.waba_id || !known.phone_number_id) return;
  for (const [name, value] of Object.entries(known)) form.elements[name].value = value;
  say(form.dataset.sending);
  form.submit();
};

window.addEventListener("message", (event) => {
  if (!HOSTS.has(event.origin) || typeof event.data !== "string") return;
  let told;
  try {
    told = JSON.parse(event.data);
  } catch {
    return; // other messages of the same window
  }
  if (told?.type !== "WA_EMBEDDED_SIGNUP") return;
  if (!String(told.event).startsWith("FINISH")) {
    say(form.dataset.cancelled);
    return;
  }
  known.waba_id = String(told.data?.waba_id ?? "");
  known.phone_number_id = String(told.data?.phone_number_id ?? "");
  if (!known.phone_number_id) say(form.dataset.noNumber);
  sendWhenComplete();
});

const heard = (response) => {
  known.code = response.authResponse?.code ?? "";
  if (!known.code) say(form.dataset.cancelled);
  sendWhenComplete();
};

document.getElementById("signup-start").addEventListener("click", () => {
  if (!form.reportValidity()) return;
  if (!window.FB) {
    say(form.dataset.away);
    return;
  }
  if (!isReady) {
    window.FB.init({ appId: form.dataset.app, version: form.dataset.version, xfbml: false });
    isReady = true;
  }
  const coexists = document.getElementById("signup-coexistence").checked;
  Object.assign(known, { code: "", waba_id: "", phone_number_id: "" });
  say("");
  window.FB.login(heard, {
    config_id: form.dataset.config,
    response_type: "code",
    override_default_response_type: true,
    extras: {
      setup: {},
      featureType: coexists ? "whatsapp_business_app_onboarding" : "",
      sessionInfoVersion: "3",
    },
  });
});
