// Makes and proves passkeys. A form names what to do (data-passkey: "create" or "get") and where to ask for the options.
// The answer goes into its field "credential", and the form is sent. Without this script the buttons stay hidden.
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const described = (found) => (found ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const create = (given) => navigator.credentials.create({ publicKey: {
    ...given, challenge: bytes(given.challenge), user: { ...given.user, id: bytes(given.user.id) },
    excludeCredentials: described(given.excludeCredentials),
  } });
  const get = (given) => navigator.credentials.get({ publicKey: {
    ...given, challenge: bytes(given.challenge), allowCredentials: described(given.allowCredentials),
  } });
  const written = (found) => {
    const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const response = Object.fromEntries(
      fields.filter((name) => found.response[name]).map((name) => [name, text(found.response[name])]));
    return JSON.stringify({
      id: found.id, rawId: text(found.rawId), type: found.type, response, clientExtensionResults: {},
      authenticatorAttachment: found.authenticatorAttachment ?? undefined,
    });
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("[data-passkey-button]"), failed = form.querySelector("[data-passkey-failed]");
    button.hidden = false;
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      try {
        const answer = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (!answer.ok) throw new Error("refused");
        const given = await answer.json();
        form.elements.credential.value = written(await (form.dataset.passkey === "create" ? create(given) : get(given)));
        form.submit(); // Not requestSubmit: the field of a code may be empty.
      } catch { failed.hidden = false; }
    });
  }
})();
