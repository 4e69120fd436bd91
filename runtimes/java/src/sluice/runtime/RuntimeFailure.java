package sluice.runtime;

/** A failure found by the runtime itself; the handler never had the chance to report it. */
public final class RuntimeFailure extends RuntimeException {
    final String errorType;

    public RuntimeFailure(String errorType, String message) {
        this(errorType, message, null);
    }

    RuntimeFailure(String errorType, String message, Throwable cause) {
        super(message, cause);
        this.errorType = errorType;
    }
}
