// Loads the packages named, and complains about those that cannot be loaded.
const { names } = JSON.parse(process.argv[2]);

for (const name of names) {
  try {
    require(name);
  } catch (error) {
    console.log("error", error.message.split("\n")[0]);
  }
}
