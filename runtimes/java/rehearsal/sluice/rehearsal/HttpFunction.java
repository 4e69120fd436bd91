package sluice.rehearsal;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.HttpRequestHandler;
import java.io.IOException;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

public class HttpFunction implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.setStatus(201);
        response.setContentType("text/plain; charset=utf-8");
        response.addHeader("X-Name", request.getParameter("a"));
        response.getWriter().println(request.getMethod() + " " + request.getReader().readLine());
    }
}
