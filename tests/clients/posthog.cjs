// A shop's Node.js back end with PostHog's SDK.
const { PostHog } = require("posthog-node");

const { key, url, name, phone, count, gzip } = JSON.parse(process.argv[2]);
const posthog = new PostHog(key, { host: url, flushAt: 20, flushInterval: 100, disableCompression: !gzip });
posthog.on("error", (error) => console.log("error", String(error)));

posthog.identify({ distinctId: name, properties: { city: "Hangzhou", phone } });
for (const first_shop of ["West Lake", "Bund"])
  posthog.identify({ distinctId: name, properties: { $set_once: { first_shop } } });
posthog.alias({ distinctId: name, alias: `${name}-before` });
posthog.groupIdentify({ groupType: "company", groupKey: "c1", properties: { name: "Tea" }, distinctId: name });
for (let number = 0; number < count; number++)
  posthog.capture({ distinctId: name, event: "Product Viewed", properties: { product_id: String(number) } });
const uuid = `7d7f7a3e-0000-4000-8000-${name.slice(-12)}`;
for (let time = 0; time < 2; time++) posthog.capture({ distinctId: name, event: "Product Added", uuid });
(async () => {
  const flags = await posthog.getAllFlags(name);
  if (Object.keys(flags).length) console.log("error", "flags", flags);
  await posthog.shutdown();
})();
