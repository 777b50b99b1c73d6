// A shop's Node.js back end with RudderStack's SDK.
const RudderAnalytics = require("@rudderstack/rudder-sdk-node");

const { key, url, name, phone, count, gzip } = JSON.parse(process.argv[2]);
const analytics = new RudderAnalytics(key, { dataPlaneUrl: url, gzip, flushInterval: 100, logLevel: "error" });
const told = (error) => error && console.log("error", String(error));

analytics.identify({ userId: name, traits: { city: "Hangzhou", phone } }, told);
for (let number = 0; number < count; number++)
  analytics.track({ userId: name, event: "Product Viewed", properties: { product_id: String(number) } }, told);
analytics.page({ userId: name, category: "Shop", name: "Home", properties: { url: "https://shop.example.cn/" } }, told);
analytics.flush(told);
