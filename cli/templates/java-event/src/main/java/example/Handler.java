package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Called with the bytes of the event; what it writes is the answer. */
public class Handler implements StreamRequestHandler {
    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        byte[] event = input.readAllBytes();
        context.getLogger().info("got " + event.length + " bytes");
        output.write("Hello, ".getBytes(StandardCharsets.UTF_8));
        output.write(event.length == 0 ? "world".getBytes(StandardCharsets.UTF_8) : event);
        output.write("!\n".getBytes(StandardCharsets.UTF_8));
    }
}
