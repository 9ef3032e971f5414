// A cart that Redis keeps, by ioredis.
import { createServer } from "node:http";
import { Redis } from "ioredis";

const store = new Redis(process.env.STORE_URL, { maxRetriesPerRequest: 1 });
store.on("error", (error) => console.error(error.message));

createServer(async (_, answer) => {
  try {
    answer.end(String(await store.incr("cart")));
  } catch (error) {
    console.error(error);
    answer.writeHead(500).end();
  }
}).listen(8000);
