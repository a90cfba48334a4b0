/* The page "check a receipt": the file is read here, checked here, and told in the reader's words.
   Nothing is sent: no address is asked by this script, and the network may be off. */
"use strict";

{
  const words = JSON.parse(document.getElementById("receipt-words").textContent);
  const form = document.getElementById("receipt-check");
  const answer = document.getElementById("receipt-answer");
  const given = form.elements.key.value.trim();
  const language = document.documentElement.lang;

  const element = (name, content, className = "") => {
    const made = document.createElement(name);
    made.textContent = content;
    made.className = className;
    return made;
  };
  const line = (list, label, content) => {
    if (content) list.append(element("dt", label), element("dd", content));
  };

  const number = (bytes) => {
    const hex = receiptProof.hexadecimal(bytes);
    return bytes.length === 16 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : hex;
  };
  const said = (known, code) => known[code] || code;
  const when = (microseconds) => {
    const at = new Date(microseconds / 1000);
    const local = at.toLocaleString(language, { dateStyle: "full", timeStyle: "medium" });
    return `${local} (${at.toISOString()})`;
  };

  const tellActor = (list, values) => {
    if (!values) {
      line(list, words.who, words.withheld);
      return;
    }
    const [, at, kind, purpose, actor, id, role, house, evidence, client, process, , session] = values;
    const fields = values[14].map((name) => said(words.fields, name));
    line(list, words.when, when(at));
    line(list, words.what, said(words.kinds, kind));
    line(list, words.who, [said(words.actors, actor), said(words.roles, role), number(id)].filter(Boolean).join(", "));
    line(list, words.house, house && number(house));
    line(list, words.why, said(words.purposes, purpose));
    line(list, words.opened, fields.join(", ") || words.none);
    line(list, words.through, [client, process, session].filter(Boolean).join(", "));
    line(list, words.signIn, said(words.evidence, evidence));
  };
  const tellPatient = (list, values) => {
    if (!values) {
      line(list, words.whose, words.withheld);
      return;
    }
    const [subject, kind, , , , , , note] = values;
    const whose = subject ? `${said(words.subjects, kind)} ${number(subject)}` : words.nobody;
    line(list, words.whose, whose);
    line(list, words.reason, note);
  };

  const show = (good, title, sentences, list = null) => {
    const notice = element("div", "", good ? "notice" : "notice notice-error");
    const inside = element("div", "");
    inside.append(element("h3", title), ...sentences.map((one) => element("p", one)));
    notice.append(inside);
    answer.replaceChildren(notice, ...(list ? [list] : []));
    answer.hidden = false;
    answer.focus();
  };

  const tell = (found, key) => {
    const list = element("dl", "", "answers");
    tellActor(list, found.actor);
    tellPatient(list, found.patient);
    line(list, words.place, words.placed.replace("{index}", found.index).replace("{size}", found.size));
    line(list, words.log, found.origin);
    const sentences = [words.intactMeans, key === given ? words.keyOfSite : words.keyBrought];
    if (found.origin.endsWith("/drill")) sentences.push(words.drill);
    show(true, words.intact, sentences, list);
  };
  const refuse = (fault) => {
    if (fault.kind === "false") show(false, words.wrong, [words.faults[fault.why], words.wrongMeans]);
    else show(false, words.unreadable, [words.faults[fault.why] || words.faults.form]);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [file] = form.elements.receipt.files;
    if (!file) return;
    try {
      const key = form.elements.key.value.trim();
      tell(await receiptProof.check(new Uint8Array(await file.arrayBuffer()), key), key);
    } catch (fault) {
      refuse(fault);
    }
  });
  // What another file or key would say is not what stands there.
  form.addEventListener("input", () => {
    answer.hidden = true;
  });

  receiptProof.able().then((able) => {
    document.getElementById("receipt-here").hidden = !able;
    document.getElementById("receipt-not-here").hidden = able;
  });
}
