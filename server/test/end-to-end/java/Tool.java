package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/** Does what its event says. */
public class Tool implements PojoRequestHandler<Tool.Order, Object>, FunctionInitializer, HttpRequestHandler {
    public static class Order {
        public String print;
        public String raise;
        public Integer exit;
        public boolean hang;
        public int eatMB;
        public int wasteMB;
        public int answerMB;
    }

    private int calls;
    private int started;
    private final List<byte[]> eaten = new ArrayList<>();

    @Override
    public void initialize(Context context) throws IOException {
        System.out.println("connecting");
        try {
            Thread.sleep(5);
        } catch (InterruptedException interruption) {
            throw new IOException(interruption);
        }
        started++;
    }

    @Override
    public Object handleRequest(Order order, Context context) {
        calls++;
        if (order.print != null) {
            System.out.println(order.print);
            context.getLogger().info("order " + calls);
        }
        if (order.raise != null) throw new IllegalArgumentException(order.raise);
        if (order.exit != null) System.exit(order.exit);
        while (order.hang) Thread.onSpinWait();
        for (int i = 0; i < order.eatMB; i++) eaten.add(new byte[1 << 20]);
        for (int i = 0; i < order.wasteMB; i++) eaten.set(i % eaten.size(), new byte[1 << 20]);
        if (order.answerMB > 0) return "x".repeat(order.answerMB << 20);
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("calls", calls);
        seen.put("started", started);
        seen.put("requestId", context.getRequestId());
        seen.put("name", context.getFunctionParam().getFunctionName());
        seen.put("env", System.getenv("GREETING"));
        seen.put("folder", System.getProperty("user.dir"));
        return seen;
    }

    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        if (request.getParameter("fail") != null) throw new IllegalStateException("before the response");
        response.setStatus(201);
        response.setHeader("X-Seen", request.getHeader("X-Sent"));
        response.addHeader("Set-Cookie", "a=1");
        response.addHeader("Set-Cookie", "b=2");
        response.setCharacterEncoding("UTF-8");
        String body = new String(request.getInputStream().readAllBytes(), "UTF-8");
        String line = request.getMethod() + " " + request.getPathInfo() + " ?" + request.getQueryString();
        response.getWriter().print(line + " " + body);
    }
}
