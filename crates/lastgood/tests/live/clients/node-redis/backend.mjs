// A cart that Redis keeps, by node-redis.
import { createServer } from "node:http";
import { createClient } from "redis";

async function count() {
  const store = createClient({ url: process.env.STORE_URL, socket: { reconnectStrategy: false } });
  store.on("error", (error) => console.error("store:", error.message));
  await store.connect();
  try {
    return await store.incr("cart");
  } finally {
    store.destroy();
  }
}

createServer(async (_, answer) => {
  try {
    answer.end(String(await count()));
  } catch (error) {
    console.error(error);
    answer.writeHead(500).end();
  }
}).listen(8000);
