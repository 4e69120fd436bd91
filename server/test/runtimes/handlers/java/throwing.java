package throwing;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

class Handler implements StreamRequestHandler {
    Handler() {
        System.out.println("loading");
        throw new IllegalStateException("at load");
    }

    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        answer.write("none".getBytes());
    }
}
