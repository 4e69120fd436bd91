package forms;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionComputeLogger;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

class Order {
    @JsonProperty("order-id")
    public long id;
    private List<String> items = new ArrayList<>();

    public List<String> getItems() {
        return items;
    }

    public void setItems(List<String> items) {
        this.items = items;
    }
}

abstract class Base<In> implements PojoRequestHandler<In, Map<String, Object>> {}

class TakesOrder extends Base<Order> {
    @Override
    public Map<String, Object> handleRequest(Order order, Context context) {
        return order == null ? Map.of("none", true) : Map.of("id", order.id, "items", order.getItems());
    }
}

class ReturnsOrder implements PojoRequestHandler<List<Integer>, Order> {
    @Override
    public Order handleRequest(List<Integer> numbers, Context context) {
        Order order = new Order();
        order.id = numbers.stream().mapToInt((number) -> number).sum();
        return order;
    }
}

class SharedState implements FunctionInitializer, StreamRequestHandler {
    private String connection = "none";

    @Override
    public void initialize(Context context) {
        connection = "open";
    }

    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        answer.write(connection.getBytes(StandardCharsets.UTF_8));
    }
}

abstract class Text implements StreamRequestHandler {
    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        try {
            String result = run(new String(event.readAllBytes(), StandardCharsets.UTF_8), context);
            answer.write(result.getBytes(StandardCharsets.UTF_8));
        } catch (InterruptedException interruption) {
            throw new IOException(interruption);
        }
    }

    abstract String run(String event, Context context) throws IOException, InterruptedException;
}

class InThread extends Text {
    @Override
    String run(String event, Context context) throws InterruptedException {
        Thread thread = new Thread(() -> System.out.println("thread of " + event));
        thread.start();
        thread.join();
        return "ok";
    }
}

class InPool extends Text {
    @Override
    String run(String event, Context context) {
        CompletableFuture.runAsync(() -> System.out.println("pool of " + event)).join();
        return "ok";
    }
}

/** Interrupts itself, as a timer of its own would, and prints and answers all the same. */
class Interrupted extends Text {
    @Override
    String run(String event, Context context) {
        Thread.currentThread().interrupt();
        System.out.println("interrupted");
        return "answered";
    }
}

class Threads extends Text {
    private static final CyclicBarrier THREE = new CyclicBarrier(3);

    @Override
    String run(String event, Context context) throws IOException, InterruptedException {
        try {
            if (event.equals("together")) THREE.await();
        } catch (BrokenBarrierException error) {
            throw new IOException(error);
        }
        return Thread.currentThread().getName();
    }
}

class Recursion extends Text {
    @Override
    String run(String event, Context context) throws IOException, InterruptedException {
        return run(event, context) + run(event, context);
    }
}

class TooLargeArray extends Text {
    @Override
    String run(String event, Context context) {
        return String.valueOf(new long[Integer.MAX_VALUE].length);
    }
}

class Caused extends Text {
    @Override
    String run(String event, Context context) throws IOException {
        throw new IOException("oops", new IllegalStateException("root"));
    }
}

class Files extends Text {
    @Override
    String run(String event, Context context) throws IOException, InterruptedException {
        // By the old and the new way, and by a child.
        String old = new String(new FileInputStream("relative.txt").readAllBytes(), StandardCharsets.UTF_8);
        String fresh = java.nio.file.Files.readString(java.nio.file.Paths.get("relative.txt"));
        Process child = new ProcessBuilder("sh", "-c", "pwd; echo $OWN").start();
        String printed = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String folder = new File("x").getAbsoluteFile().getParent();
        return String.join("|", old, fresh, folder, printed.trim().replace('\n', '|'));
    }
}

class Zone extends Text {
    @Override
    String run(String event, Context context) {
        return TimeZone.getDefault().getID();
    }
}

class SeesRuntime extends Text {
    @Override
    String run(String event, Context context) {
        StringBuilder seen = new StringBuilder();
        String[] names = {
            "sluice.runtime.Instance", "com.fasterxml.jackson.databind.ObjectMapper", "com.sun.jna.Native",
        };
        for (String name : names) {
            try {
                Class.forName(name);
                seen.append(name);
            } catch (ClassNotFoundException error) {
                seen.append("-");
            }
        }
        return seen.toString();
    }
}

class Levels extends Text {
    @Override
    String run(String event, Context context) {
        FunctionComputeLogger logger = context.getLogger();
        logger.setLogLevel(FunctionComputeLogger.Level.INFO);
        logger.trace("not this");
        logger.debug("nor this");
        logger.warn("careful");
        logger.fatal("over");
        return "ok";
    }
}

class NoInterface {}

class NoConstructor implements StreamRequestHandler {
    NoConstructor(int needed) {}

    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) {}
}

class WebApi implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        Map<String, Object> seen = new TreeMap<>();
        seen.put("uri", request.getRequestURI());
        seen.put("url", request.getRequestURL());
        seen.put("server", request.getServerName() + " " + request.getServerPort());
        seen.put("values", Arrays.toString(request.getParameterValues("q")));
        seen.put("names", String.join(",", request.getParameterMap().keySet()));
        seen.put("cookie", request.getCookies()[1].getName() + "=" + request.getCookies()[1].getValue());
        seen.put("length", request.getContentLength());
        seen.put("locale", request.getLocale());
        seen.put("date", request.getDateHeader("If-Modified-Since"));
        seen.put("session", request.getSession(false));
        response.setContentType("text/plain; charset=utf-8");
        Cookie cookie = new Cookie("a", "1");
        cookie.setMaxAge(5);
        cookie.setHttpOnly(true);
        response.addCookie(cookie);
        response.setDateHeader("Last-Modified", 0);
        PrintWriter writer = response.getWriter();
        seen.forEach((name, value) -> writer.println(name + ": " + value));
    }
}

class WebForm implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.setCharacterEncoding("UTF-8");
        response.getWriter().print(request.getParameter("name") + " " + String.join(",", request.getParameterValues("q")));
    }
}

class WebLines implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        BufferedReader reader = request.getReader();
        response.getWriter().print(String.join("|", reader.lines().toList()));
    }
}

class WebError implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.getWriter().print("never seen");
        if (request.getMethod().equals("GET")) response.sendRedirect("/elsewhere");
        else response.sendError(404, "no such page");
    }
}
