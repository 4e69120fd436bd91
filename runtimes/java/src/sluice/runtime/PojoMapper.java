package sluice.runtime;

import com.aliyun.fc.runtime.PojoRequestHandler;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/**
 * JSON to the input of a PojoRequestHandler, and its result to JSON, by Jackson as Function Compute does it: by the
 * function's own where it brings one, so that versions never clash, hence by reflection. Properties that the input does
 * not have are passed over: events gain fields.
 */
final class PojoMapper {
    private static final String PACKAGE = "com.fasterxml.jackson.databind.";
    private static final byte[] NOTHING = {};

    private final Object mapper;
    private final Object inputType;
    private final Method readValue;
    private final Method writeValue;

    private PojoMapper(ClassLoader loader, Class<?> handlerType) throws ReflectiveOperationException {
        Class<?> mapperType = loader.loadClass(PACKAGE + "ObjectMapper");
        mapper = mapperType.getConstructor().newInstance();
        passOverUnknownProperties(loader, mapperType);
        Class<?> javaType = loader.loadClass(PACKAGE + "JavaType");
        Object types = mapperType.getMethod("getTypeFactory").invoke(mapper);
        Method find = types.getClass().getMethod("findTypeParameters", Class.class, Class.class);
        Object[] found = (Object[]) find.invoke(types, handlerType, PojoRequestHandler.class);
        inputType = found == null || found.length == 0
            ? types.getClass().getMethod("constructType", java.lang.reflect.Type.class).invoke(types, Object.class)
            : found[0];
        readValue = mapperType.getMethod("readValue", byte[].class, javaType);
        writeValue = mapperType.getMethod("writeValueAsBytes", Object.class);
    }

    static PojoMapper of(CodeLoader loader, Class<?> handlerType) {
        try {
            return new PojoMapper(loader.bringsJackson() ? loader : ObjectMapper.class.getClassLoader(), handlerType);
        } catch (ReflectiveOperationException | LinkageError error) {
            throw Failures.ofLoading(error);
        }
    }

    /** Null for an empty event. Throws RuntimeFailure for one that is no JSON of the handler's input. */
    Object read(byte[] event) throws ReflectiveOperationException {
        if (event.length == 0) return null;
        try {
            return readValue.invoke(mapper, event, inputType);
        } catch (InvocationTargetException error) {
            Throwable cause = error.getCause();
            throw new RuntimeFailure(cause.getClass().getName(), Failures.messageOf(cause), cause);
        }
    }

    byte[] write(Object result) throws ReflectiveOperationException {
        if (result == null) return NOTHING;
        try {
            return (byte[]) writeValue.invoke(mapper, result);
        } catch (InvocationTargetException error) {
            String reason = Failures.messageOf(error.getCause());
            throw new RuntimeFailure("UnserializableResponse", "the result cannot be written as JSON: " + reason);
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private void passOverUnknownProperties(ClassLoader loader, Class<?> mapperType) throws ReflectiveOperationException {
        Class features = loader.loadClass(PACKAGE + "DeserializationFeature");
        Object feature = Enum.valueOf(features, "FAIL_ON_UNKNOWN_PROPERTIES");
        mapperType.getMethod("configure", features, boolean.class).invoke(mapper, feature, false);
    }
}
