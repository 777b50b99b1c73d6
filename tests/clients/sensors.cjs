// A shop's Node.js back end with the SDK of Sensors Analytics.
const SensorsAnalytics = require("sa-sdk-node");

const { url, name, cookie, count, gzip, mode } = JSON.parse(process.argv[2]);
const sensors = new SensorsAnalytics();
const submitter = sensors.submitTo({ url, gzip, mode, timeout: 10000 });
submitter.catch((error) => console.log("error", String(error)));

sensors.profileSetOnce(cookie, { first_channel: "web" });
sensors.profileIncrement(cookie, { visits: 1 });
sensors.trackSignup(name, cookie, {});
sensors.profileSet(name, { city: "Hangzhou" });
sensors.profileAppend(name, { hobbies: ["tea"] });
sensors.profileIncrement(name, { visits: 2 });
sensors.profileUnset(name, ["nothing"]);
sensors.itemSet("sku", name, { price: 9 });
for (let number = 0; number < count; number++) sensors.track(name, "ViewProduct", { number });
