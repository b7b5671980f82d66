// Learner steps without a page load. Every form marked data-step works without this file; here it is sent by fetch, the region
// #step is swapped, what is new arrives beat by beat, and focus and the live region tell where one is.
const region = () => document.getElementById("step");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const live = document.createElement("p");
live.className = "visually-hidden";
live.setAttribute("aria-live", "polite");
document.body.append(live);

let busy = false;

function words(node) {
  const copy = node.cloneNode(true);
  for (const drawing of copy.querySelectorAll("[aria-hidden]")) drawing.remove();
  return copy.textContent.replace(/\s+/g, " ").trim();
}

async function reveal(step) {
  const beats = [...step.querySelectorAll(".beat.new")];
  const target = beats[0] || step.querySelector("[data-focus]") || step.querySelector("h1, h2");
  const ask = step.querySelector(".choices .prompt, .ending .title");
  if (!still.matches) beats.slice(1).forEach((beat) => beat.classList.add("waiting"));
  target?.focus({ preventScroll: true });
  if (beats.length) beats[0].scrollIntoView({ block: "start", behavior: still.matches ? "auto" : "smooth" });
  else scrollTo(0, 0);
  for (const beat of beats.slice(1)) {
    if (still.matches) break;
    await pause(260);
    beat.classList.remove("waiting");
    beat.classList.add("arriving");
  }
  // The first beat is read by its focus; the rest and the question are told.
  live.textContent = [...beats.slice(1), ask].filter(Boolean).map(words).join(". ");
}

function swap(html, url) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const next = page.getElementById("step");
  if (!next) return false;
  const progress = page.querySelector(".header-progress");
  region().replaceWith(next);
  if (progress) document.querySelector(".header-progress")?.replaceWith(progress);
  document.title = page.title;
  if (url !== location.href) history.pushState({ step: true }, "", url);
  reveal(next);
  return true;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-step]")) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  const { submitter } = event;
  submitter?.setAttribute("aria-busy", "true");
  const body = new FormData(form, submitter);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (!swap(await answer.text(), answer.url)) location.assign(answer.url);
  } catch {
    // No network, or something unforeseen: the browser's own submission, which says so itself.
    if (submitter?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }));
    form.submit();
  } finally {
    busy = false;
    submitter?.removeAttribute("aria-busy");
  }
});

addEventListener("popstate", () => location.reload());
