// A shop's Node.js back end with Segment's SDK.
const { Analytics } = require("@segment/analytics-node");

const { key, url, name, phone, count, gzip } = JSON.parse(process.argv[2]);
const analytics = new Analytics({ writeKey: key, host: url, flushInterval: 100, disable: false });
analytics.on("error", (error) => console.log("error", error));

analytics.identify({ userId: name, traits: { city: "Hangzhou", phone } });
for (let number = 0; number < count; number++)
  analytics.track({ userId: name, event: "Product Viewed", properties: { product_id: String(number) } });
analytics.page({ userId: name, category: "Shop", name: "Home", properties: { url: "https://shop.example.cn/" } });
analytics.closeAndFlush();
