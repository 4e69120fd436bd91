package sluice.runtime;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Constructor;
import java.util.HashMap;
import java.util.Map;

/** From a handler such as `example.Hello::handleRequest` to the object that it names, one of each class. */
final class Handlers {
    private static final String SEPARATOR = "::";

    /** Of an event handler, whichever interface it has. */
    interface EventHandler {
        byte[] handle(byte[] event, Context context) throws Exception;
    }

    final CodeLoader loader;
    private final Map<String, Object> objects = new HashMap<>();

    Handlers(CodeLoader loader) {
        this.loader = loader;
    }

    /** `method`: the only one that the interface has. Throws RuntimeFailure. */
    synchronized Object load(String handler, String method, Class<?>... interfaces) {
        String[] parts = handler.split(SEPARATOR, -1);
        if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            throw new RuntimeFailure("HandlerNotFound",
                "Handler '" + handler + "' is not of the form 'package.Class::method'");
        }
        Object object = objects.computeIfAbsent(parts[0], this::create);
        if (!parts[1].equals(method)) {
            throw new RuntimeFailure("HandlerNotFound",
                "Handler '" + parts[1] + "' missing on class '" + parts[0] + "': what can be called is '" + method + "'");
        }
        StringBuilder names = new StringBuilder();
        for (Class<?> type : interfaces) {
            if (type.isInstance(object)) return object;
            names.append(names.length() == 0 ? "" : ", ").append(type.getSimpleName());
        }
        throw new RuntimeFailure("HandlerNotFound", "class '" + parts[0] + "' implements none of " + names);
    }

    private Object create(String className) {
        try {
            Constructor<?> constructor = Class.forName(className, true, loader).getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (NoSuchMethodException error) {
            throw new RuntimeFailure("HandlerNotFound", "class '" + className + "' has no constructor without arguments");
        } catch (ClassNotFoundException | NoClassDefFoundError error) {
            String reason = loader.unreadableJar();
            if (reason != null) throw new RuntimeFailure("ImportModuleError", error + "; " + reason, error);
            throw Failures.ofLoading(error);
        } catch (Throwable error) {
            throw Failures.ofLoading(error);
        }
    }

    /** Null for an object that takes no events. */
    EventHandler eventHandler(Object object) {
        if (object instanceof StreamRequestHandler handler) return (event, context) -> stream(handler, event, context);
        if (object instanceof PojoRequestHandler<?, ?> handler) {
            @SuppressWarnings("unchecked")
            PojoRequestHandler<Object, Object> typed = (PojoRequestHandler<Object, Object>) handler;
            PojoMapper mapper = PojoMapper.of(loader, object.getClass());
            return (event, context) -> mapper.write(typed.handleRequest(mapper.read(event), context));
        }
        return null;
    }

    private static byte[] stream(StreamRequestHandler handler, byte[] event, Context context) throws Exception {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        handler.handleRequest(new ByteArrayInputStream(event), answer, context);
        return answer.toByteArray();
    }
}
