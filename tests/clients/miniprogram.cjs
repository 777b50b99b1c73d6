// The SDK of Sensors Analytics for WeChat's mini-programs, with as much of a phone around it as it needs.
const { url, name, phone, count } = JSON.parse(process.argv[2]);

let pending = 0;
let answeredAt = Date.now();
const storage = new Map();
const nothing = () => {};
const answered = (value) => (options) => options && options.success && options.success(value);
const system = { brand: "devtools", model: "iPhone X", system: "iOS 17.0", SDKVersion: "3.0.0", windowWidth: 375 };
const phoneOf = { ...system, screenWidth: 375, screenHeight: 812, platform: "ios", version: "8.0", language: "zh_CN" };
global.App = nothing;
global.Page = nothing;
global.Component = nothing;
global.Behavior = nothing;
global.getApp = () => ({});
global.getCurrentPages = () => [{ route: "pages/index" }];
global.wx = {
  getStorageSync: (key) => storage.get(key) ?? "",
  setStorageSync: (key, value) => storage.set(key, value),
  getStorage: ({ key, success, fail, complete }) => {
    const found = { data: storage.get(key) };
    if (storage.has(key)) success && success(found);
    else fail && fail(found);
    complete && complete(found);
  },
  setStorage: ({ key, data, success }) => (storage.set(key, data), success && success({})),
  removeStorage: ({ key }) => storage.delete(key),
  getSystemInfoSync: () => phoneOf,
  getSystemInfo: answered(phoneOf),
  getNetworkType: (options) => (answered({ networkType: "wifi" })(options), options.complete && options.complete({})),
  onNetworkStatusChange: nothing,
  getAccountInfoSync: () => ({ miniProgram: { appId: "wx1a2b3c4d5e6f7890", version: "1.0" } }),
  getLaunchOptionsSync: () => ({ path: "pages/index", query: {}, scene: 1001 }),
  getEnterOptionsSync: () => ({ path: "pages/index", query: {}, scene: 1001 }),
  onAppShow: nothing,
  onAppHide: nothing,
  request: ({ url: address, method, data, header, success, fail }) => {
    pending++;
    fetch(address, { method, headers: header, body: method === "POST" ? data : undefined })
      .then(async (answer) => {
        if (answer.status !== 200) console.log("error", answer.status, await answer.text());
        success && success({ statusCode: answer.status, data: "" });
      })
      .catch((error) => (console.log("error", String(error)), fail && fail({ errMsg: String(error) })))
      .finally(() => (pending--, (answeredAt = Date.now())));
    return { abort: nothing };
  },
};

const sensors = require("sa-sdk-miniprogram");
sensors.setPara({ name: "sensors", server_url: url, show_log: false, autoTrack: {}, batch_send: { send_timeout: 300 } });
sensors.init();
sensors.setOnceProfile({ first_channel: "mini-program" });
sensors.login(name);
sensors.setOpenid(`o${name}`);
sensors.bind("$identity_mobile", phone);
sensors.setProfile({ city: "Hangzhou" });
sensors.incrementProfile({ visits: 1 });
sensors.appendProfile({ hobbies: ["tea", "silk"] });
for (let number = 0; number < count; number++) sensors.track("ViewProduct", { number });
// The SDK's timers run for as long as the phone does: it is put away once nothing has been said for a while.
setInterval(() => pending || Date.now() - answeredAt < 1500 || process.exit(0), 100);
