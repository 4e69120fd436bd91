package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/** Takes as much memory as its event says; answers HTTP requests with what they were. */
public class Tool implements PojoRequestHandler<Tool.Order, Object>, HttpRequestHandler {
    public static class Order {
        public int eatMB;
        public int wasteMB;
    }

    private int calls;
    private final List<byte[]> eaten = new ArrayList<>();

    @Override
    public Object handleRequest(Order order, Context context) {
        calls++;
        for (int i = 0; i < order.eatMB; i++) eaten.add(new byte[1 << 20]);
        for (int i = 0; i < order.wasteMB; i++) eaten.set(i % eaten.size(), new byte[1 << 20]);
        return Map.of("calls", calls);
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
