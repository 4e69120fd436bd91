package sluice.runtime;

/** A peer that broke a rule of the channel. */
final class ChannelException extends RuntimeException {
    ChannelException(String message) {
        super(message);
    }
}
