package web;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.HttpRequestHandler;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

class Hello implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.setStatus(201);
        response.setHeader("X-Name", "a");
        response.addHeader("Set-Cookie", "a=1");
        response.addHeader("Set-Cookie", "b=2");
        String line = request.getMethod() + " " + request.getPathInfo();
        response.getWriter().print("hello " + line + " " + context.getRequestId());
    }
}

class Describe implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        String accept = String.join(", ", Collections.list(request.getHeaders("x-many")));
        response.setCharacterEncoding("UTF-8");
        response.getWriter().printf(
            "{\"method\": \"%s\", \"path\": \"%s\", \"url\": \"%s\", \"clientIP\": \"%s\", \"accept\": \"%s\", "
                + "\"query\": \"%s\"}",
            request.getMethod(), request.getAttribute("FC_REQUEST_PATH"), request.getAttribute("FC_REQUEST_URI"),
            request.getAttribute("FC_REQUEST_CLIENT_IP"), accept, request.getParameter("q"));
    }
}

class Echo implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        request.getInputStream().transferTo(response.getOutputStream());
    }
}

class Whole implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.getWriter().print(request.getInputStream().readAllBytes().length);
    }
}

class Early implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.getWriter().print("early");
    }
}

class Stream implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        byte[] piece = new byte[65_536];
        for (int i = 0; i < 32; i++) {
            Arrays.fill(piece, (byte) i);
            response.getOutputStream().write(piece);
        }
    }
}

class Endless implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        try {
            while (true) response.getOutputStream().write(new byte[65_536]);
        } finally {
            System.out.println("the source was closed");
        }
    }
}

class Breaking implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) throws IOException {
        response.getOutputStream().print("begun");
        response.flushBuffer();
        throw new IOException("source broke");
    }
}

class Failing implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) {
        throw new IllegalStateException("before the response");
    }
}

class Injecting implements HttpRequestHandler {
    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context) {
        response.setHeader("x-a", "b\r\nset-cookie: c");
    }
}
