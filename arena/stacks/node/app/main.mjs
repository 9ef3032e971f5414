// The shop once more, by a team that writes JavaScript: Express, ioredis and node-postgres, with what these do by default.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import Redis from "ioredis";
import pg from "pg";

const { REDIS_URL, DATABASE_URL, SESSION_SECRET } = process.env;
if (!SESSION_SECRET) throw new Error("SESSION_SECRET is not set");

const app = express();
const cache = new Redis(REDIS_URL, { maxRetriesPerRequest: 3 });
const pool = new pg.Pool({ connectionString: DATABASE_URL, connectionTimeoutMillis: 5000 });
pool.on("error", (error) => console.error("idle client:", error.message));

app.set("trust proxy", true);
app.get("/health", (_, response) => response.json({ status: "up" }));
// Whoever comes without TLS comes again with it.
app.use((request, response, next) => {
  if (request.secure) return next();
  response.redirect(308, `https://${request.headers.host}${request.originalUrl}`);
});

const route = (work) => (request, response, next) => work(request, response).then((answer) => response.json(answer), next);

app.get("/api/cart", route(async () => ({ items: Number((await cache.get("cart")) ?? 0) })));
app.post("/api/cart", route(async () => ({ items: await cache.incr("cart") })));
app.get("/api/orders", route(async () => (await pool.query("SELECT id, item FROM orders LIMIT 20")).rows));
app.post("/api/orders", route(async () => {
  await pool.query("INSERT INTO orders (item) VALUES ('lamp')");
  return { ordered: "lamp" };
}));
app.post("/api/login", route(async (_, response) => {
  const session = createHash("sha256").update(`${SESSION_SECRET}${Date.now()}`).digest("hex");
  await cache.set(`session:${session}`, "1", "EX", 600);
  response.cookie("session", session);
  return { user: "support" };
}));
app.post("/api/receipts", route(async () => {
  await writeFile("/files/receipt.txt", "paid\n");
  return { receipt: "written" };
}));
app.get("/api/rates", route(async () => (await fetch(process.env.RATES_URL, { signal: AbortSignal.timeout(4000) })).json()));
app.get("/api/report", route(async () => {
  await sleep(1000 * Number(process.env.REPORT_SECONDS ?? 0.05));
  return { report: "done" };
}));

app.use((error, request, response, _next) => {
  console.error(`${request.method} ${request.path}`, error);
  response.status(500).json({ error: "internal server error" });
});

const where = process.env.LISTEN ?? "8000";
const place = where.startsWith("/") ? { path: where, readableAll: true, writableAll: true } : { port: where };
const server = app.listen(place, () => console.log(`shop listens on ${where}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
