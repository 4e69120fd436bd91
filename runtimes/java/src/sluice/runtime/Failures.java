package sluice.runtime;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;

/** What a caller is told of a failure: `{errorMessage, errorType, stackTrace, handled}`, bounded to fit one frame. */
final class Failures {
    private static final int MESSAGE_LENGTH_MAX = 65_536;
    private static final int STACK_LINES_MAX = 64;
    private static final int STACK_LINE_LENGTH_MAX = 1024;
    private static final String OWN_PACKAGE = Failures.class.getPackageName() + ".";

    private Failures() {}

    static ObjectNode describe(Throwable thrown) {
        if (thrown instanceof CancelledException) return shape(thrown.getMessage(), "InvocationCancelled", null, false);
        if (thrown instanceof RuntimeFailure failure) {
            return shape(failure.getMessage(), failure.errorType, failure.getCause(), false);
        }
        return shape(messageOf(thrown), thrown.getClass().getName(), thrown, true);
    }

    /** What went wrong while a class of the function was loaded and its object made. */
    static RuntimeFailure ofLoading(Throwable thrown) {
        if (thrown instanceof RuntimeFailure failure) return failure;
        if (thrown instanceof InvocationTargetException || thrown instanceof ExceptionInInitializerError) {
            if (thrown.getCause() != null) return ofLoading(thrown.getCause());
        }
        String type = thrown.getClass().getName();
        if (thrown instanceof ClassFormatError || thrown instanceof VerifyError) {
            return new RuntimeFailure("UserCodeSyntaxError", type + ": " + messageOf(thrown), thrown);
        }
        if (thrown instanceof ClassNotFoundException || thrown instanceof LinkageError || thrown instanceof IOException) {
            return new RuntimeFailure("ImportModuleError", type + ": " + messageOf(thrown), thrown);
        }
        return new RuntimeFailure("FunctionUnhandledError: " + type, messageOf(thrown), thrown);
    }

    /** The function's own getMessage may fail. */
    static String messageOf(Throwable thrown) {
        try {
            String message = thrown.getMessage();
            return message == null ? "" : message;
        } catch (Throwable error) {
            return "the error cannot be described: its getMessage failed";
        }
    }

    private static ObjectNode shape(String message, String type, Throwable stackOf, boolean handled) {
        ObjectNode failure = Json.object();
        failure.put("errorMessage", bounded(message, MESSAGE_LENGTH_MAX));
        failure.put("errorType", bounded(type, STACK_LINE_LENGTH_MAX));
        ArrayNode lines = failure.putArray("stackTrace");
        if (stackOf != null) {
            for (StackTraceElement frame : stackOf.getStackTrace()) {
                // What follows is how the runtime came to call the function.
                if (frame.getClassName().startsWith(OWN_PACKAGE) || lines.size() == STACK_LINES_MAX) break;
                lines.add(bounded(withoutLoader(frame), STACK_LINE_LENGTH_MAX));
            }
        }
        return failure.put("handled", handled);
    }

    /** As Function Compute writes it: `example.Hello.handleRequest(Hello.java:15)`. */
    private static String withoutLoader(StackTraceElement frame) {
        return new StackTraceElement(null, null, null, frame.getClassName(), frame.getMethodName(), frame.getFileName(),
            frame.getLineNumber()).toString();
    }

    private static String bounded(String text, int lengthMax) {
        return text.length() <= lengthMax ? text : text.substring(0, lengthMax);
    }
}
