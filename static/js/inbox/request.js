// Requests that no element waits for: their answers are fragments like any other of htmx's.
const headers = () => ({ "HX-Request": "true", "HX-Current-URL": location.href });
const token = JSON.parse(document.body.getAttribute("hx-headers"));

// Posts a form's values and draws the answer. Returns the status, 0 without a connection.
export async function post(url, values) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers(), ...token },
      body: new URLSearchParams(values),
      keepalive: true, // a message leaves even if its page is closed right behind it
    });
    await draw(response);
    return response.status;
  } catch {
    return 0;
  }
}

// Posts a form with a file and tells how much of it has left; draws a refusal. Returns the status,
// 0 without a connection.
export async function upload(url, form, tell) {
  const request = new XMLHttpRequest(); // fetch cannot say how far an upload is
  const ended = new Promise((done) => request.addEventListener("loadend", done));
  request.open("POST", url);
  for (const [name, value] of Object.entries({ ...headers(), ...token })) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", ({ loaded, total }) => tell(total ? loaded / total : 0));
  request.send(form);
  await ended;
  if (!request.status) return 0;
  const names = ["HX-Redirect", "HX-Refresh", "HX-Retarget"];
  const given = names.map((name) => [name, request.getResponseHeader(name)]).filter(([, value]) => value);
  const body = request.status === 204 ? null : request.responseText;
  await draw(new Response(body, { status: request.status, headers: given }));
  return request.status;
}

export function get(url) {
  return fetch(url, { headers: headers(), signal: AbortSignal.timeout(20_000) });
}

// Draws what a response asks for. False when the page itself goes elsewhere.
export async function draw(response) {
  const elsewhere = response.headers.get("HX-Redirect"); // signed out
  if (elsewhere) location.assign(elsewhere);
  else if (response.headers.get("HX-Refresh")) location.reload();
  if (elsewhere || response.headers.get("HX-Refresh")) return false;
  const html = response.status === 204 ? "" : await response.text();
  if (!html) return true;
  const target = response.headers.get("HX-Retarget");
  if (response.ok) htmx.swap(document.body, fitting(html), { swapStyle: "none" });
  else if (!target) htmx.swap("#toasts", html, { swapStyle: "beforeend" });
  else if (document.querySelector(target)) htmx.swap(target, html, { swapStyle: "outerHTML" });
  return true;
}

// What belongs to a thread that is not open any more has no place, and is no error.
function fitting(html) {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const element of content.querySelectorAll("[hx-swap-oob]")) {
    const [, target = `#${element.id}`] = element.getAttribute("hx-swap-oob").split(":");
    if (!document.querySelector(target)) element.remove();
  }
  return content;
}
