import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shop once more, in Java: orders by a pool of connections, the stock by one connection that is kept, reports in memory. */
public final class Shop {
    private static final Logger LOG = LoggerFactory.getLogger("com.example.shop.Shop");

    private interface Work {
        String answer(HttpExchange exchange) throws Exception;
    }

    private static HikariDataSource pool;
    private static Connection stock;

    public static void main(String[] arguments) throws Exception {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(System.getenv("DATABASE_URL"));
        config.setUsername(System.getenv("DATABASE_USER"));
        config.setPassword(System.getenv("DATABASE_PASSWORD"));
        config.setMaximumPoolSize(5);
        pool = new HikariDataSource(config);
        stock = DriverManager.getConnection(config.getJdbcUrl(), config.getUsername(), config.getPassword());

        HttpServer server = HttpServer.create(new InetSocketAddress(8000), 64);
        server.setExecutor(Executors.newFixedThreadPool(8));
        route(server, "/health", exchange -> "{\"status\":\"up\"}");
        route(server, "/api/orders", Shop::orders);
        route(server, "/api/stock", exchange -> "{\"lamps\":" + number(stock, "SELECT count(*) FROM orders") + "}");
        route(server, "/api/report", exchange -> "{\"bytes\":" + report() + "}");
        server.start();
        LOG.info("Shop listens on 8000");
    }

    private static String orders(HttpExchange exchange) throws SQLException {
        try (Connection connection = pool.getConnection(); var statement = connection.createStatement()) {
            if (exchange.getRequestMethod().equals("POST")) {
                statement.executeUpdate("INSERT INTO orders (item) VALUES ('lamp')");
                return "{\"ordered\":\"lamp\"}";
            }
            return "{\"orders\":" + number(connection, "SELECT max(id) FROM orders") + "}";
        }
    }

    private static int number(Connection connection, String query) throws SQLException {
        synchronized (connection) {
            try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
                rows.next();
                return rows.getInt(1);
            }
        }
    }

    /** Puts a year's lines together before it counts them. */
    private static long report() {
        List<byte[]> lines = new ArrayList<>();
        for (int day = 0; day < 365; day++) {
            lines.add(new byte[128 * 1024]);
        }
        return lines.stream().mapToLong(line -> line.length).sum();
    }

    private static void route(HttpServer server, String path, Work work) {
        server.createContext(path, exchange -> {
            int status = 200;
            String body;
            try {
                body = work.answer(exchange);
            } catch (Throwable thrown) {
                LOG.error("{} {} failed", exchange.getRequestMethod(), exchange.getRequestURI().getPath(), thrown);
                status = 500;
                body = "{\"error\":\"internal server error\"}";
            }
            send(exchange, status, body);
        });
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        try (var out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }
}
