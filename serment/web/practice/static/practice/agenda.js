/* The desk's keys and the line of the present. Every page works without it. */
"use strict";
document.documentElement.classList.add("scripted");

// Once a page: parts of it are replaced in place, and what listens for the whole page stays.
if (!window.sermentDesk) {
  window.sermentDesk = true;

  const typing = (where) => where instanceof HTMLElement && (where.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(where.tagName));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const find = document.getElementById("q") || document.getElementById("find");
    const hits = [...document.querySelectorAll("#hits li a")];
    if (hits.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const at = hits.indexOf(event.target);
      if (event.target.id === "q" || at >= 0) {
        event.preventDefault();
        const next = at + (event.key === "ArrowDown" ? 1 : -1);
        (hits[next] || (next < 0 ? document.getElementById("q") : hits.at(-1))).focus();
        return;
      }
    }
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/" && find) {
      event.preventDefault();
      find.focus();
      find.select();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key.startsWith("Arrow") && event.target.matches(".track *")) {
      event.preventDefault();
      step(event.target, key);
      return;
    }
    if (awaited.size || pressable(key)) event.preventDefault();
    press(key);
  });

  // A key pressed while the desk waits for an answer is meant for what that answer will show.
  const awaited = new Set();
  const ahead = [];
  const pressable = (key) => [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].at(-1);
  const press = (key) => (awaited.size ? ahead.push(key) : pressable(key)?.click());
  document.addEventListener("htmx:beforeSend", (event) => {
    const { xhr, target } = event.detail;
    if (target?.id !== "desk") return;
    awaited.add(xhr);
    xhr.addEventListener("loadend", () => setTimeout(() => {
      awaited.delete(xhr);
      for (const key of ahead.splice(0)) press(key);
    }));
  });

  // A date that is typed is whole once Enter is pressed or its field is left: the browser tells of a
  // change after each digit. One that is picked with the mouse is whole at once.
  let written = null;
  const owner = (field) => field.closest("form[data-submit-on-change]") || document.getElementById(field.dataset.press || "");
  const send = (field) => {
    const to = owner(field);
    if (to) to.matches("form") ? to.requestSubmit() : to.click();
  };
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches("input[type=date]") || !owner(field)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      written = null;
      send(field);
    } else if (!event.altKey && /^([0-9]|ArrowUp|ArrowDown|Backspace|Delete)$/.test(event.key)) written = field;
  });
  document.addEventListener("change", (event) => event.target !== written && send(event.target));
  document.addEventListener("focusout", (event) => {
    if (event.target !== written) return;
    written = null;
    if (event.target.value && event.target.value !== event.target.defaultValue) send(event.target);
  });

  // Choosing agendas in a large house: a few letters narrow the list, and no more than fit are ticked.
  // The form in it is drawn anew with each day; what was typed to narrow it is still wanted.
  const who = document.querySelector(".desk-who");
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const narrow = (box) => {
    const list = document.querySelector(box.dataset.filter);
    const wanted = plain(box.value.trim());
    for (const label of list.querySelectorAll("label")) {
      const trade = label.closest("fieldset")?.querySelector("legend").textContent || "";
      label.hidden = !plain(`${label.textContent} ${trade}`).includes(wanted);
    }
    for (const group of list.querySelectorAll("fieldset")) group.hidden = !group.querySelector("label:not([hidden])");
    list.querySelector(".desk-who-none").hidden = Boolean(list.querySelector("label:not([hidden])"));
  };
  const atMost = () => {
    const boxes = [...who.querySelectorAll("input[type=checkbox]")];
    const ticked = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.disabled = !box.checked && ticked >= Number(who.dataset.most);
  };
  if (who) {
    atMost();
    who.addEventListener("change", atMost);
    who.addEventListener("input", (event) => event.target.dataset.filter && narrow(event.target));
    who.addEventListener("toggle", () => who.open && document.getElementById("who-filter")?.focus());
    who.addEventListener("keydown", (event) => {
      if (event.target.id !== "who-filter" || event.key !== "ArrowDown") return;
      event.preventDefault();
      who.querySelector("label:not([hidden]) input:not(:disabled)")?.focus();
    });
  }

  const first = document.querySelector("main [aria-invalid]") || document.querySelector("[data-focus-late]") || document.querySelector("[data-focus]");
  if (first && !location.hash) first.focus({ preventScroll: true });

  // On a phone the menu is one row: the rest of it, with what waits there, is behind its last button.
  const links = document.querySelector(".desk-links");
  const more = links?.querySelector(".desk-links-more");
  const behind = () => [...(links?.children || [])].slice(4, -1).filter((link) => !link.hasAttribute("aria-current"));
  const waits = () => more?.classList.toggle("desk-links-waiting", behind().some((link) => link.querySelector(".menu-count")));
  if (behind().length > 1) {
    more.hidden = false;
    waits();
    document.addEventListener("serment:menu", waits);
    more.addEventListener("click", () => {
      const opened = more.getAttribute("aria-expanded") === "true";
      more.setAttribute("aria-expanded", String(!opened));
      const word = more.querySelector("[data-other]");
      [word.textContent, word.dataset.other] = [word.dataset.other, word.textContent];
    });
  }

  // On a phone the list of agendas begins folded.
  if (window.matchMedia("(max-width: 46rem)").matches) document.querySelector(".desk-who")?.removeAttribute("open");

  // The line of the present moves with the clock of the page that drew it.
  const drawn = Date.now();
  const lines = () => [...document.querySelectorAll(".now")];
  let moved = 0;
  setInterval(() => {
    const rows = Math.floor((Date.now() - drawn) / 300000);
    if (rows === moved) return;
    for (const line of lines()) {
      const at = [...line.classList].find((name) => name.startsWith("from-"));
      line.classList.replace(at, `from-${Number(at.slice(5)) + rows - moved}`);
    }
    moved = rows;
  }, 20000);

  // Each column of the grid is one stop for the Tab key; arrows go from time to time and across.
  const stops = (track) => [...track.querySelectorAll("a:not(.closed), button")];
  const rove = () => {
    for (const track of document.querySelectorAll(".track")) {
      const all = stops(track);
      const one = all.find((stop) => stop === document.activeElement) || all.find((stop) => stop.matches(".entry-chosen")) || all[0];
      for (const stop of all) stop.tabIndex = stop === one ? 0 : -1;
    }
  };
  const step = (from, key) => {
    const track = from.closest(".track");
    const all = stops(track);
    const at = all.indexOf(from.closest("a, button"));
    let to = all[at + (key === "ArrowDown" ? 1 : -1)];
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const tracks = [...document.querySelectorAll(".day .track")].filter((one) => stops(one).length);
      const beside = tracks[tracks.indexOf(track) + (key === "ArrowRight" ? 1 : -1)];
      const top = (stop) => stop.getBoundingClientRect().top;
      const far = (stop) => Math.abs(top(stop) - top(all[at]));
      to = beside && stops(beside).reduce((best, stop) => (far(stop) < far(best) ? stop : best));
    }
    if (!to) return;
    to.focus();
    rove();
  };
  rove();

  const scroller = () => document.querySelector("[data-scroll]");
  const showNow = () => {
    const box = scroller();
    const line = document.querySelector(".entry-chosen") || document.querySelector(".now") || document.querySelector(".track .entry");
    if (box && line) box.scrollTop = Math.max(0, line.offsetTop - box.clientHeight / 3);
  };
  showNow();

  // On a phone the chosen visit's panel covers the lower half: the visit itself stays above it.
  const showChosen = () => {
    if (!window.matchMedia("(max-width: 46rem)").matches) return;
    document.querySelector(".entry-chosen")?.scrollIntoView({ block: "start" });
  };
  showChosen();

  // Parts of the page are replaced in place; where the agenda was scrolled to stays.
  let kept = null;
  let pressedIn = -1;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (event.detail.target.id === "hits" && xhr.status >= 400) {
      // A search that is refused says why, where its answer would stand.
      const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
      const why = page.querySelector("main .lead");
      if (why) event.detail.target.replaceChildren(document.adoptNode(why));
      return;
    }
    if (event.detail.target.id !== "desk") return;
    if (!xhr.responseText.includes('id="desk"')) {
      event.detail.shouldSwap = false;
      if (xhr.status >= 400) {
        const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
        const said = page.querySelector("main");
        if (said) document.querySelector("main").replaceWith(document.adoptNode(said));
      } else {
        window.location.assign(xhr.responseURL);
      }
      return;
    }
    // The piece that asked may be drawn anew by now: by its own rules, gone with it, a whole page would
    // stand inside the desk.
    const desk = document.getElementById("desk");
    event.detail.selectOverride = desk.getAttribute("hx-select");
    event.detail.swapOverride = desk.getAttribute("hx-swap");
    event.detail.target = desk;
    const box = scroller();
    kept = box ? [box.scrollLeft, box.scrollTop] : null;
    const day = document.activeElement?.closest(".day");
    pressedIn = day ? [...document.querySelectorAll(".day")].indexOf(day) : -1;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const box = scroller();
    if (box && kept) [box.scrollLeft, box.scrollTop] = kept;
    kept = null;
    if (who) {
      atMost();
      const filter = document.getElementById("who-filter");
      if (filter?.value) narrow(filter);
    }
    showChosen();
    rove();
    if (document.activeElement !== document.body) return;
    // What was pressed is gone: the panel it opened, else the column it was in.
    const day = document.querySelectorAll(".day")[pressedIn];
    const next = document.getElementById("panel") || day?.querySelector(".place:is(a, button), .place button") || day?.querySelector(".unseal");
    next?.focus({ preventScroll: true });
  });
}
