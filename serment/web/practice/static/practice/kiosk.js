/* A desk that locks: after idle minutes, on demand, in all tabs at once. The server locks; this script
   takes the page away, tells what was being written, and brings it back to whoever wrote it. */
"use strict";

{
  const body = document.body;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("serment-desk") : null;
  const minutes = Number(body.dataset.lockMinutes || 0);
  const page = body.dataset.lockPage || location.pathname;
  const here = location.pathname + location.search;
  const SKIPPED = ["password", "hidden", "file", "submit", "button"];
  const ticked = (field) => field.type === "checkbox" || field.type === "radio";
  const fields = () =>
    [...document.querySelectorAll("main form")].flatMap((form, place) =>
      [...form.elements]
        .filter((field) => field.name && !SKIPPED.includes(field.type) && field.autocomplete !== "one-time-code")
        .map((field) => ({ field, place, name: ticked(field) ? `${field.name} ${field.value}` : field.name })),
    );
  const changed = (field) =>
    ticked(field)
      ? field.checked !== field.defaultChecked
      : field.options
        ? [...field.options].some((one) => one.selected !== one.defaultSelected)
        : field.value !== field.defaultValue;
  const written = () => ({
    path: here,
    typed: fields()
      .filter(({ field }) => changed(field))
      .map(({ field, place, name }) => [place, name, ticked(field) ? field.checked : field.value]),
  });
  // Taken away, not covered: nothing of it stays in the page, its title or the back button.
  const empty = () => {
    body.replaceChildren();
    document.title = "Serment";
  };
  const leave = () => location.replace(`${page}?de=${encodeURIComponent(here)}`);

  if ("locked" in body.dataset) {
    // Another tab was taken up again: whoever did so finds what was theirs here. Where somebody is
    // taking up this one, the server already leads them back: nothing else may move the page.
    let taken = false;
    document.addEventListener("submit", () => {
      taken = true;
    });
    if (tabs) {
      tabs.addEventListener("message", ({ data }) => {
        if (data.open && !taken) location.replace(location.pathname.startsWith(page) ? location.href : `${page}?de=${encodeURIComponent(here)}`);
      });
    }
  } else if (minutes) {
    let seen = Date.now();
    let told = Date.now();
    let said = 0;
    let gone = false;
    const token = () => (document.querySelector("input[name=csrfmiddlewaretoken]") || {}).value || "";
    const send = (address, values) => {
      const form = new FormData();
      form.set("csrfmiddlewaretoken", token());
      for (const [name, value] of Object.entries(values)) form.set(name, value);
      return fetch(address, { method: "POST", body: form, keepalive: true, redirect: "manual" });
    };
    const lock = async () => {
      if (gone) return;
      gone = true;
      const pages = [written()];
      const others = ({ data }) => data.page && pages.push(data.page);
      if (tabs) {
        tabs.addEventListener("message", others);
        tabs.postMessage({ lock: true });
      }
      const sending = new Promise((done) => setTimeout(done, tabs ? 120 : 0)).then(() =>
        send(body.dataset.lock, { pages: JSON.stringify(pages).slice(0, 9000) }),
      );
      const ready = sending.catch(() => null);
      const csrf = document.querySelector("input[name=csrfmiddlewaretoken]");
      empty();
      if (csrf) body.append(csrf); // the lock itself needs it
      await ready;
      leave();
    };
    if (tabs) {
      tabs.addEventListener("message", ({ data }) => {
        if (data.seen) seen = Date.now(); // somebody is at another tab
        if (!data.lock || gone) return;
        gone = true;
        tabs.postMessage({ page: written() });
        empty();
        setTimeout(leave, 600);
      });
      tabs.postMessage({ open: true });
    }
    const look = () => {
      if (Date.now() - seen >= minutes * 60000) lock();
    };
    // Whoever writes without sending is there all the same: the server hears it once a minute.
    const present = () => {
      const before = said;
      seen = Date.now();
      if (tabs && seen - before > 5000) {
        said = seen;
        tabs.postMessage({ seen: true });
      }
      if (seen - told < 60000) return;
      told = seen;
      fetch(`${body.dataset.lockTyped}?de=`, { headers: { Accept: "application/json" } })
        .then((answer) => {
          if (answer.status === 423) {
            empty();
            leave();
          }
        })
        .catch(() => null);
    };
    for (const what of ["keydown", "pointerdown", "pointermove", "touchstart", "wheel"]) {
      document.addEventListener(what, present, { passive: true });
    }
    setInterval(look, 2000);
    document.addEventListener("visibilitychange", look);
    for (const form of document.querySelectorAll("form[data-lock-now]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        lock();
      });
    }
    // A page out of the back button's memory asks the server first.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      empty();
      location.reload();
    });
    if (location.hash === "#repris") {
      history.replaceState(null, "", here);
      fetch(`${body.dataset.lockTyped}?de=${encodeURIComponent(here)}`, { headers: { Accept: "application/json" } })
        .then((answer) => answer.json())
        .then(({ typed }) => {
          const known = new Map(typed.map(([place, name, value]) => [`${place} ${name}`, value]));
          for (const { field, place, name } of fields()) {
            const value = known.get(`${place} ${name}`) ?? known.get(`0 ${name}`);
            if (value === undefined) continue;
            if (ticked(field)) field.checked = value === true;
            else field.value = value;
          }
        })
        .catch(() => null);
    }
  }
}
