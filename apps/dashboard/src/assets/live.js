// Keeps the page live. The server says once a second that it has looked (server-sent events); the page is then fetched again, at
// most every two seconds, and what differs is changed in place. What somebody works on is left alone: a row with an open form,
// a field that was filled in, a selection; focus and scroll survive since nothing that stays is made anew.
const EVERY_MS = 2000;
const SILENT_MS = 5000;

const byId = (id) => document.getElementById(id);
const pause = byId("pause");
let isPaused = false;
let heardAtMs = Date.now();
let fetchedAtMs = 0;
let level = null;
let isFetching = false;

const timeOf = (ms) => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

const say = () => {
  const isSilent = Date.now() - heardAtMs > SILENT_MS;
  const state = isPaused ? "paused · as of" : isSilent ? `no answer since ${timeOf(heardAtMs)} · as of` : "live ·";
  if (byId("live-state").textContent !== state) byId("live-state").textContent = state;
  byId("freshness").classList.toggle("old", isSilent && !isPaused);
};

/** What is left alone as one: a row before the form around it, so that a mark in one freezes no other. */
const HELD = "tr, li, form, .marked, [data-row]";

const isChanged = (field) =>
  field === document.activeElement ||
  (field.type === "checkbox"
    ? field.checked !== field.defaultChecked
    : (field.value ?? "") !== (field.defaultValue ?? field.value));

/** Whether somebody works in this row or form, and in no smaller one; or what was sent from it has no answer. */
const isHeld = (element) =>
  element.matches(HELD) &&
  (element.matches(".unanswered, [aria-busy=true]") ||
    [...element.querySelectorAll("details[open] form")].some((form) => form.parentElement.closest(HELD) === element) ||
    [...element.querySelectorAll("input:not([type=hidden]), textarea, select")].some(
      (field) => field.closest(HELD) === element && isChanged(field),
    ));

const isSelected = (node) => {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(node, true);
};

/** What the reader, or the pointer, has made of it. */
const isReaders = ({ localName }, name) =>
  (name === "open" && localName === "details") || (name === "title" && localName === "time");

const copyAttributes = (from, to) => {
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value && !isReaders(from, name)) from.setAttribute(name, value);
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !isReaders(from, name)) from.removeAttribute(name);
};

// A form with a field of that name says the field when it is asked for its id.
const idOf = (node) => node.getAttribute?.("id") ?? "";
const isAlike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && idOf(a) === idOf(b);

/** Makes `from`, which is shown, what `to` is. */
const morph = (from, to) => {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.data !== to.data && !isSelected(from)) from.data = to.data;
    return;
  }
  // It says that it has copied, and what it copies stays the same.
  if (from.matches(".copy")) return;
  if (isHeld(from)) {
    from.classList.add("held");
    return;
  }
  copyAttributes(from, to);
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    const known = idOf(next)
      ? [...from.children].find((child) => idOf(child) === idOf(next) && isAlike(child, next))
      : undefined;
    if (known !== undefined && known !== at) from.insertBefore(known, at);
    else if (known === undefined && !(at !== null && !idOf(at) && isAlike(at, next))) {
      from.insertBefore(next, at);
      continue;
    }
    const shown = known ?? at;
    at = shown.nextSibling;
    morph(shown, next);
  }
  while (at !== null) {
    const gone = at;
    at = at.nextSibling;
    if (!(gone.nodeType === Node.ELEMENT_NODE && isHeld(gone)) && !isSelected(gone)) gone.remove();
  }
};

const PARTS = ["live", "said", "state", "pages", "as-of"];

const refresh = async () => {
  // A form that was refused is asked for with what was typed: there is nothing to fetch again.
  if (isPaused || isFetching || document.hidden || document.querySelector("main [role=alert]")) return;
  isFetching = true;
  fetchedAtMs = Date.now();
  try {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(SILENT_MS) });
    if (response.redirected) location.reload();
    if (!response.ok || response.redirected) return;
    const page = await parsed(response);
    if (isPaused) return;
    for (const id of PARTS) if (byId(id) && page.getElementById(id)) morph(byId(id), page.getElementById(id));
    document.title = page.title;
    showCopies();
  } catch (error) {
    // That the server is silent is said by what it does not say.
    console.debug(error);
  } finally {
    isFetching = false;
  }
};

const again = () => {
  refresh();
  listen();
};

const listen = () => {
  const source = new EventSource("/live");
  source.addEventListener("look", ({ data }) => {
    heardAtMs = Date.now();
    const isNews = level !== null && level !== data;
    level = data;
    if (isNews || Date.now() - fetchedAtMs >= EVERY_MS - 200) refresh();
    say();
  });
  source.addEventListener("error", () => {
    // Closed for good where it was redirected to the login: the page says so itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(again, EVERY_MS);
  });
};

pause.hidden = false;
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Go on" : "Pause";
  if (!isPaused) refresh();
  say();
});
document.addEventListener("visibilitychange", refresh);

// A form is sent from here, so that a dashboard that does not answer, and a refusal, cost neither the page nor what was typed.
const SEND_MS = 20_000;
const NOBODY =
  "The dashboard did not answer, so it is not known whether this was done. What you typed is still there; send it again when it is back: it is done once, and the answer says whether it was done before.";
const told = byId("told");
const tell = (text) => {
  told.textContent = text;
  told.hidden = text === "";
};

const parsed = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");

/** Nothing is sent twice while the browser is on its way to another page. */
const leaving = () => new Promise((resolve) => setTimeout(resolve, SEND_MS, true));

/** Whether there is an answer that says what came of it. */
const send = async (form, action) => {
  const response = await fetch(action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    signal: AbortSignal.timeout(SEND_MS),
  });
  if (response.redirected) {
    location.assign(response.url);
    return leaving();
  }
  const refusal = (await parsed(response)).querySelector("main [role=alert]");
  if (response.status !== 401 && refusal !== null) {
    tell(refusal.textContent);
    return response.status !== 503;
  }
  // The login keeps what was sent, and whatever else is no page of ours is the browser's to show.
  form.setAttribute("action", action);
  HTMLFormElement.prototype.submit.call(form);
  return leaving();
};

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (form.getAttribute("method") !== "post") return;
  event.preventDefault();
  // The form, or of a list of them the row.
  const place = (submitter ?? form).closest(HELD);
  if (place.ariaBusy === "true") return;
  place.ariaBusy = "true";
  tell("");
  document.querySelector("body > [role=status]")?.remove();
  try {
    const isAnswered = await send(form, submitter?.getAttribute("formaction") ?? form.getAttribute("action"));
    place.classList.toggle("unanswered", !isAnswered);
  } catch (error) {
    console.debug(error);
    place.classList.add("unanswered");
    tell(NOBODY);
  } finally {
    place.ariaBusy = null;
  }
});

/* Keys: / finds one event or letter, f filters, ? helps, j and k go from row to row, x marks one, Enter opens it. */
const isTyping = ({ target }) => target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
const goTo = (key) => document.querySelector(`[data-key="${key}"]`)?.focus();
const step = (by) => {
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.indexOf(document.activeElement?.closest("[data-row]"));
  rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
};
const keys = {
  "/": () => goTo("/"),
  f: () => goTo("f"),
  "?": () => location.assign("/help"),
  j: () => step(1),
  k: () => step(-1),
  x: () =>
    document.activeElement?.querySelector?.("[data-row] input[type=checkbox], :scope input[type=checkbox]")?.click(),
  Enter: () => document.activeElement?.matches("[data-row]") && document.activeElement.querySelector("a")?.click(),
};
document.addEventListener("keydown", (event) => {
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  if (event.key !== "Enter") event.preventDefault();
  keys[event.key]();
});

/* What is copied is what was sent: the text of a button, of an element, or behind a link. */
const copied = async ({ dataset: { copy, copyOf } }) => {
  if (copy !== undefined) return copy;
  const { href, textContent } = byId(copyOf);
  return href ? (await fetch(href)).text() : textContent;
};
const showCopies = () => {
  for (const button of document.querySelectorAll(".copy[hidden]")) button.hidden = false;
};
document.addEventListener("click", async ({ target }) => {
  const button = target.closest(".copy");
  if (button === null) return;
  await navigator.clipboard.writeText(await copied(button));
  button.textContent = "Copied";
});
showCopies();

/* A time on hover, in UTC and where the reader is. */
document.addEventListener("mouseover", ({ target }) => {
  const time = target.closest("time[datetime]");
  if (time === null) return;
  const at = new Date(time.dateTime);
  time.title = `${at.toISOString().replace("T", " ").replace("Z", " UTC")} · here ${at.toLocaleString()}`;
});

listen();
setInterval(say, 1000);
