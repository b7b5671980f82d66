// The lesson editor with JavaScript: the toolbar above Markdown, the preview while typing, a question before leaving unsaved text.
const url = document.getElementById("studio-script").dataset.markdownUrl;
const form = document.querySelector("form.editor");
const token = form?.querySelector("[name=csrfmiddlewaretoken]")?.value;

for (const toolbar of document.querySelectorAll("markdown-toolbar")) toolbar.hidden = false;

const waiting = new WeakMap();

async function preview(area) {
  const body = new URLSearchParams({ text: area.value });
  const response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token } });
  if (response.ok) document.getElementById(area.dataset.markdown).innerHTML = await response.text();
}

for (const area of document.querySelectorAll("textarea[data-markdown]")) {
  area.addEventListener("input", () => {
    clearTimeout(waiting.get(area));
    waiting.set(area, setTimeout(() => preview(area), 400));
  });
}

let dirty = Boolean(document.querySelector("[data-unsaved]"));
form?.addEventListener("input", () => { dirty = true; });
form?.addEventListener("submit", () => { dirty = false; });
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
