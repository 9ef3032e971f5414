// A cart that Redis keeps, by Jedis.
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import redis.clients.jedis.JedisPooled;

public class Backend {
    public static void main(String[] arguments) throws Exception {
        JedisPooled store = new JedisPooled(System.getenv("STORE_URL"));
        HttpServer server = HttpServer.create(new InetSocketAddress(8000), 0);
        server.createContext("/", exchange -> {
            try {
                byte[] body = String.valueOf(store.incr("cart")).getBytes();
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            } catch (RuntimeException error) {
                error.printStackTrace();
                exchange.sendResponseHeaders(500, -1);
            }
            exchange.close();
        });
        server.start();
    }
}
