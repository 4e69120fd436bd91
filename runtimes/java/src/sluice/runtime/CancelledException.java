package sluice.runtime;

import java.io.IOException;

/** The answer is no longer wanted; thrown where a handler reads or writes its streams. */
final class CancelledException extends IOException {
    CancelledException(String reason) {
        super("the invocation was cancelled: " + reason);
    }
}
