/* Professional keys: the browser makes or signs, the keeper believes; this script only carries.

   A form with data-passkey asks the server what is to be signed, hands the answer to the device and
   sends itself as any form does. "make" creates a key; with data-passkey-confirm a key that is there
   already signs for the new one. */
"use strict";

{
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace(/=+$/, "");
  const described = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const asked = async (form) => {
    const answer = await fetch(form.dataset.passkeyAsk, {
      method: "POST",
      body: new FormData(form),
      redirect: "error",
    });
    const options = await answer.json();
    if (!answer.ok) throw new Error(options.error);
    options.challenge = bytes(options.challenge);
    return options;
  };
  const told = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: text(credential.rawId), type: credential.type, response });
  };
  const made = async (form) => {
    const options = await asked(form);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = described(options.excludeCredentials);
    return told(await navigator.credentials.create({ publicKey: options }));
  };
  const signed = async (form) => {
    const options = await asked(form);
    options.allowCredentials = described(options.allowCredentials);
    return told(await navigator.credentials.get({ publicKey: options }));
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    // Where the device has no keys there is nothing to press.
    if (!window.PublicKeyCredential) {
      form.hidden = true;
      continue;
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button[type=submit]");
      button.disabled = true;
      const error = document.querySelector("[data-passkey-error]");
      error.hidden = true;
      try {
        if (form.dataset.passkey === "make") {
          form.elements.made.value = await made(form);
          if ("passkeyConfirm" in form.dataset) {
            form.elements.what.value = "add";
            form.elements.signed.value = await signed(form);
            form.elements.what.value = "make";
          }
        } else {
          form.elements.signed.value = await signed(form);
        }
        form.submit();
      } catch (fault) {
        // Given up, timed out, refused by the device or by the server: one sentence for all.
        console.warn(fault.name);
        button.disabled = false;
        error.hidden = false;
      }
    });
  }
}
