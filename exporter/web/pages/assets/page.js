// Refreshes a visible page. Without this script the page works too, but shows the state at its loading.
"use strict";
(() => {
  const control = document.querySelector(".refresh");
  const said = control.querySelector("[role=status]");
  const button = control.querySelector("button");
  const every = Number(control.dataset.refresh);
  let paused = sessionStorage.getItem("paused") === "yes";
  let due = Date.now() + every * 1000;
  let asking = false;

  // Changes only what differs, so that focus, selection and unfinished input are kept.
  function renew(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (!alike(old, fresh)) {
      old.replaceWith(fresh);
    } else if (old.nodeType === Node.TEXT_NODE) {
      old.nodeValue = fresh.nodeValue;
    } else {
      const children = [...fresh.childNodes];
      [...old.childNodes].forEach((child, position) => renew(child, children[position]));
    }
  }

  function alike(old, fresh) {
    if (old.nodeName !== fresh.nodeName || old.childNodes.length !== fresh.childNodes.length) return false;
    if (old.nodeType !== Node.ELEMENT_NODE) return true;
    return old.cloneNode(false).isEqualNode(fresh.cloneNode(false));
  }

  // Input that has not been submitted.
  function unsent(main) {
    return [...main.querySelectorAll("input, select")].filter((field) => field.value !== sentValue(field));
  }

  function sentValue(field) {
    return field.tagName === "SELECT"
      ? (field.querySelector("option[selected]") ?? field.options[0]).value
      : field.defaultValue;
  }

  function replaceMain(fresh) {
    const main = document.querySelector("main");
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const key = focused && selector(focused);
    const typed = unsent(main).map((field) => [field.id, field.value]);
    const { scrollX, scrollY } = window;
    renew(main, fresh);
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field && field.value !== value) field.value = value;
    }
    if (key && document.activeElement !== focused) document.querySelector(`main ${key}`)?.focus({ preventScroll: true });
    if (window.scrollX !== scrollX || window.scrollY !== scrollY) window.scrollTo(scrollX, scrollY);
  }

  function selector(element) {
    const address = element.getAttribute("href");
    if (element.id) return `#${CSS.escape(element.id)}`;
    return address && `a[href="${CSS.escape(address)}"]`;
  }

  async function refresh() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(30000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      if (!fresh) throw new Error("no page");
      if (!paused) {
        replaceMain(fresh);
        document.title = page.title;
        control.dataset.times = String(Number(control.dataset.times || 0) + 1);
        showState("");
      }
    } catch {
      showState(`The exporter did not answer at ${new Date().toISOString().slice(11, 19)} UTC; this page shows its last answer.`);
    } finally {
      asking = false;
      due = Date.now() + every * 1000;
    }
  }

  function showState(trouble) {
    control.classList.toggle("trouble", Boolean(trouble));
    const text = trouble || (paused ? "Not refreshed" : `Refreshed every ${every} s`);
    if (said.textContent !== text) said.textContent = text;
    button.textContent = paused ? "Resume" : "Pause";
  }

  button.addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem("paused", paused ? "yes" : "no");
    showState("");
    if (!paused) refresh();
  });
  setInterval(() => {
    if (!paused && !document.hidden && Date.now() >= due) refresh();
  }, 1000);
  showState("");
  control.hidden = false;
})();
