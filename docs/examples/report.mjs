// Report listings with a signed request: node report.mjs URL KEY_ID PRIVATE_KEY.pem RIGHT_ID LISTING...
// Node 20 or later, no packages. It prints the report once every listing is decided.
import { createHash, createPrivateKey, randomBytes, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const [url, keyId, keyFile, rightId, ...listings] = process.argv.slice(2);
const privateKey = createPrivateKey(readFileSync(keyFile));

// The signature base of RFC 9421, section 2.5: one line for each part that is covered, then the parameters.
async function send(method, path, body, headers = {}) {
  const covered = { "@method": method, "@path": path };
  if (body) {
    const digest = createHash("sha256").update(body).digest("base64");
    covered["content-digest"] = headers["Content-Digest"] = `sha-256=:${digest}:`;
    headers["Content-Type"] = "application/json";
  }
  const names = Object.keys(covered).map((name) => `"${name}"`).join(" ");
  const created = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(16).toString("base64url");
  const parameters = `(${names});created=${created};keyid="${keyId}";alg="ed25519";nonce="${nonce}"`;
  const lines = Object.entries(covered).map(([name, value]) => `"${name}": ${value}`);
  const base = [...lines, `"@signature-params": ${parameters}`].join("\n");
  headers["Signature-Input"] = `sig=${parameters}`;
  headers["Signature"] = `sig=:${sign(null, Buffer.from(base), privateKey).toString("base64")}:`;
  const response = await fetch(url + path, { method, body, headers });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

const body = JSON.stringify({
  right_id: rightId, reason_code: "trademark_counterfeit", good_faith: true, listings,
});
let report = await send("POST", "/api/v1/brand/reports", body, { "Idempotency-Key": randomUUID() });
while (report.state === "deciding") {
  await setTimeout(1000);
  report = await send("GET", `/api/v1/brand/reports/${report.report_id}`);
}
const counts = Object.entries(report.counts).filter(([, n]) => n).map(([state, n]) => `${state}: ${n}`);
console.log(report.report_id, report.state, counts.join(", "));
report.waits_for.forEach((reason) => console.log(reason));
