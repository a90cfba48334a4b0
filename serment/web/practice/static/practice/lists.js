/* The desk's lists as others change them: each row by itself, as direct.js hears of it. A row that
   somebody opened or writes in keeps what stands in it; only what it says of its state is new. */
"use strict";

{
  const all = () => [...document.querySelectorAll("[data-hears]")];
  const rows = (list) => new Map([...list.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row]));
  const changed = (field) => field.matches("input:not([type=hidden]), textarea") && field.value !== field.defaultValue;
  const inUse = (row) => row.matches("[data-opened]") || [...row.querySelectorAll("input, textarea")].some(changed);

  // Never onto another row's button: what is pressed next would be done to somebody else's row.
  const rest = (place) => {
    if (!place) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  };
  const pressed = (at) => (at.name && at.value ? `[name="${CSS.escape(at.name)}"][value="${CSS.escape(at.value)}"]` : "");
  const put = (old, fresh, place) => {
    if (old.textContent === fresh.textContent) return;
    const at = document.activeElement;
    const inside = old.contains(at);
    const same = inside && pressed(at);
    old.replaceWith(fresh);
    if (!inside) return;
    const button = same && fresh.querySelector(same);
    if (button) button.focus({ preventScroll: true });
    else rest(place || fresh);
  };
  const renew = (old, fresh) => {
    if (!inUse(old)) return put(old, fresh);
    for (const button of old.querySelectorAll("form button:disabled")) button.disabled = false;
    for (const part of old.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (other) put(part, other, old);
    }
    return undefined;
  };
  // Done with by somebody else: one that is being read says so and stays; it has nothing to press.
  const end = (row, words) => {
    const held = row.contains(document.activeElement);
    if (inUse(row)) {
      const said = document.createElement("strong");
      said.textContent = words;
      row.querySelector("[data-part=state]").replaceChildren(said);
      for (const button of row.querySelectorAll("form button")) button.disabled = true;
      if (held && !row.contains(document.activeElement)) rest(row);
      return;
    }
    const next = row.nextElementSibling || row.previousElementSibling || row.parentElement;
    row.remove();
    if (held) rest(next);
  };
  const list = (old, fresh) => {
    const [was, now] = [rows(old), rows(fresh)];
    for (const [key, row] of was) if (!now.has(key)) end(row, old.dataset.gone);
    let before = null;
    for (const [key, row] of now) {
      const mine = was.get(key);
      if (mine) renew(mine, row);
      else if (before) before.after(row);
      else old.prepend(row);
      before = rows(old).get(key);
    }
  };
  // What a list says besides its rows: that there are none, or how many are done.
  const whole = (old, fresh) => {
    if (old.textContent === fresh.textContent) return;
    const held = old.contains(document.activeElement);
    if (old.querySelector("details")?.open) fresh.querySelector("details")?.setAttribute("open", "");
    old.replaceWith(fresh);
    if (held) rest(fresh.querySelector("summary") || fresh);
  };

  window.sermentLists = {
    renew: (page) => {
      for (const old of all()) {
        const fresh = page.querySelector(`[data-hears="${old.dataset.hears}"]`);
        if (fresh) list(old, document.adoptNode(fresh));
      }
      for (const old of document.querySelectorAll("[data-whole]")) {
        const fresh = page.querySelector(`[data-whole="${old.dataset.whole}"]`);
        if (fresh) whole(old, document.adoptNode(fresh));
      }
    },
  };
}
