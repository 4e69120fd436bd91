package imports_missing;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

class Handler implements StreamRequestHandler {
    private final no_such_file.Absent absent = new no_such_file.Absent();

    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        answer.write("none".getBytes());
    }
}
