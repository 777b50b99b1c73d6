// WeCom's own side, with WeCom's own library: it checks the address, then calls it once for each message.
const crypto = require("crypto");
const { encrypt, getSignature } = require("@wecom/crypto");

const { url, token, key, corp, messages } = JSON.parse(process.argv[2]);

function signed(ciphered) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = crypto.randomBytes(5).toString("hex");
  const msg_signature = getSignature(token, timestamp, nonce, ciphered);
  return new URLSearchParams({ msg_signature, timestamp, nonce });
}

async function check() {
  const echo = String(crypto.randomInt(2 ** 40));
  const ciphered = encrypt(key, echo, corp);
  const query = signed(ciphered);
  query.set("echostr", ciphered);
  const answer = await fetch(`${url}?${query}`);
  const text = await answer.text();
  if (answer.status !== 200 || text !== echo) console.log(`error: check ${answer.status} ${text}`);
}

async function call(message) {
  const ciphered = encrypt(key, message, corp);
  const body = `<xml><ToUserName><![CDATA[${corp}]]></ToUserName><Encrypt><![CDATA[${ciphered}]]></Encrypt></xml>`;
  const answer = await fetch(`${url}?${signed(ciphered)}`, { method: "POST", body });
  const text = await answer.text();
  if (answer.status !== 200 || text !== "success") console.log(`error: call ${answer.status} ${text}`);
}

(async () => {
  await check();
  for (const message of messages) await call(message);
})();
