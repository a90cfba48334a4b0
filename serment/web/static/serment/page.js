/* Small things every page has: completion under a field, and a form sent once. */
"use strict";

// A field with data-complete="/address" lists what the server proposes, by the ARIA combobox pattern.
for (const input of document.querySelectorAll("input[data-complete]")) {
  const list = document.createElement("ul");
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  list.className = "completion";
  list.hidden = true;
  list.setAttribute("aria-label", input.dataset.completeLabel || "");
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.autocomplete = "off";
  const target = document.getElementById(input.dataset.completeValue || "");
  let waiting = 0;
  let asked = 0;
  let at = -1;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    input.value = option.dataset.label;
    if (target) target.value = option.dataset.value;
    close();
  };
  const move = (step) => {
    const options = [...list.children];
    if (!options.length) return;
    at = (at + step + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    list.replaceChildren(
      ...found.map((one, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.value = one.value;
        option.dataset.label = one.label;
        const label = document.createElement("span");
        label.textContent = one.label;
        option.append(label);
        if (one.hint) {
          const hint = document.createElement("small");
          hint.textContent = one.hint;
          option.append(hint);
        }
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(option);
        });
        return option;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
    at = -1;
  };
  input.addEventListener("input", () => {
    if (target) target.value = "";
    clearTimeout(waiting);
    const text = input.value.trim();
    if (!text) {
      close();
      return;
    }
    waiting = setTimeout(async () => {
      const mine = ++asked;
      const address = `${input.dataset.complete}?q=${encodeURIComponent(text)}`;
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer || !answer.ok || mine !== asked) return;
      const { found } = await answer.json();
      if (document.activeElement === input) show(found);
    }, 90);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && at >= 0 && !list.hidden) {
      event.preventDefault();
      choose(list.children[at]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  input.addEventListener("blur", close);
}

// A form is sent once; the server makes the same of two, this spares the doubt.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches("form[data-once]")) return;
  for (const button of target.querySelectorAll("button[type=submit]")) {
    setTimeout(() => {
      button.disabled = true;
    }, 0);
  }
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form[data-once] button[disabled]")) {
    button.disabled = false;
  }
});

// "Print" needs the window; without script the browser's own command prints the same page.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A password can be read while it is typed; without script it is a plain password field.
for (const button of document.querySelectorAll("[data-reveals]")) {
  const field = document.getElementById(button.dataset.reveals);
  const show = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const readable = field.type === "password";
    field.type = readable ? "text" : "password";
    button.textContent = readable ? button.dataset.hide : show;
    field.focus();
  });
  // Sent as a password, so that the browser offers to keep it and shows it to nobody behind.
  field.form.addEventListener("submit", () => {
    field.type = "password";
  });
}

// Visits by video are told by the reader's clock: their zone, for this site alone; nothing in Paris.
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  // Over https no neighbour's site can plant it (settings.COOKIE_PREFIX).
  const [name, only] = location.protocol === "https:" ? ["__Host-fuseau", "; secure"] : ["fuseau", ""];
  const known = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  if ((known ? known.slice(name.length + 1) : "Europe/Paris") !== zone) {
    document.cookie = `${name}=${zone}; path=/; max-age=31536000; samesite=lax${only}`;
  }
}

// Another language is the same page again: what was typed goes along, once, in this tab alone.
// Never a password, nor anything where the browser keeps nothing for a tab.
{
  const KEY = "serment-typed";
  const SKIPPED = ["password", "hidden", "file", "submit", "button"];
  const fields = () =>
    [...document.querySelectorAll("main form[method=post]")].flatMap((form, place) =>
      [...form.elements]
        .filter((field) => field.name && !SKIPPED.includes(field.type) && field.autocomplete !== "one-time-code")
        .map((field) => ({ field, called: `${place} ${field.name} ${field.type === "radio" ? field.value : ""}` })),
    );
  const ticked = (field) => field.type === "checkbox" || field.type === "radio";
  for (const button of document.querySelectorAll("button.language")) {
    button.form.addEventListener("submit", () => {
      const typed = fields().map(({ field, called }) => [called, ticked(field) ? field.checked : field.value]);
      try {
        if (typed.length) sessionStorage.setItem(KEY, JSON.stringify([location.pathname, typed]));
      } catch {
        // Storage is refused here: the fields start anew, as without script.
      }
    });
  }
  try {
    const [path, typed] = JSON.parse(sessionStorage.getItem(KEY) || "[]");
    sessionStorage.removeItem(KEY);
    const known = new Map(path === location.pathname ? typed : []);
    for (const { field, called } of fields().filter((one) => known.has(one.called))) {
      if (ticked(field)) field.checked = known.get(called);
      else field.value = known.get(called);
    }
  } catch {
    // Nothing was kept, or it is not ours.
  }
}
