// Fetches the page again every few seconds and swaps what is live in it. Pauses while the tab is hidden, while something
// in the page has the focus or is open, and says so when the answer does not come.
const EVERY_MS = 3000;
const live = document.getElementById("live");
const freshness = document.getElementById("freshness");
let missed = 0;

const busy = () =>
  document.hidden || live.contains(document.activeElement) || live.querySelector("details[open]") !== null;

const refresh = async () => {
  if (busy()) return;
  try {
    const response = await fetch(location.pathname + location.search, { signal: AbortSignal.timeout(EVERY_MS) });
    if (response.redirected) return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (busy()) return;
    live.replaceChildren(...page.getElementById("live").childNodes);
    freshness.replaceChildren(...page.getElementById("freshness").childNodes);
    document.title = page.title;
    missed = 0;
  } catch {
    missed++;
    freshness.textContent = `no answer for ${Math.round((missed * EVERY_MS) / 1000)} s`;
  }
};

setInterval(refresh, EVERY_MS);
