package sluice.runtime;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.File;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.util.Map;
import java.util.TimeZone;

/**
 * The working folder and environment of this process, which Java sets only when it starts, and the function is known only
 * later. Both are set for the system (native code, time zone, children) and in what Java keeps of them.
 */
final class ProcessState {
    private static final String[] LIBRARY_SETTINGS = {"jna.boot.library.path", "jna.platform.library.path", "jna.nosys"};

    static {
        Native.register(ProcessState.class, NativeLibrary.getProcess());
        // A function's own JNA must not find the library that only this class loader can use.
        for (String name : LIBRARY_SETTINGS) System.clearProperty(name);
    }

    private ProcessState() {}

    private static native int chdir(String path);

    private static native int setenv(String name, String value, int overwrite);

    private static native int unsetenv(String name);

    static void enter(String folder) throws ReflectiveOperationException {
        if (chdir(folder) != 0) throw new IllegalStateException("cannot enter " + folder);
        System.setProperty("user.dir", folder);
        Object files = fileSystem();
        field(files.getClass(), "userDir").set(files, folder);
        FileSystem paths = FileSystems.getDefault();
        field(paths.getClass(), "defaultDirectory").set(paths, folder.getBytes(StandardCharsets.UTF_8));
    }

    static void setVariables(Map<String, String> variables) throws ReflectiveOperationException {
        Map<String, String> kept = keptVariables();
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            setenv(variable.getKey(), variable.getValue(), 1);
            kept.put(variable.getKey(), variable.getValue());
        }
        System.clearProperty("user.timezone");
        TimeZone.setDefault(null);
    }

    /** For a process whose handlers run: native code may read its variables meanwhile, so these change in Java alone. */
    static void replaceVariables(Map<String, String> variables) throws ReflectiveOperationException {
        keptVariables().putAll(variables);
    }

    static void removeVariable(String name) throws ReflectiveOperationException {
        unsetenv(name);
        keptVariables().remove(name);
    }

    /** What System.getenv and new processes read. */
    @SuppressWarnings("unchecked")
    private static Map<String, String> keptVariables() throws ReflectiveOperationException {
        Map<String, String> readOnly = System.getenv();
        Field inner = field(Class.forName("java.util.Collections$UnmodifiableMap"), "m");
        return (Map<String, String>) inner.get(readOnly);
    }

    /** What java.io.File works with, in a field whose name differs between versions. */
    private static Object fileSystem() throws ReflectiveOperationException {
        for (Field candidate : File.class.getDeclaredFields()) {
            if (!candidate.getType().getName().equals("java.io.FileSystem")) continue;
            candidate.setAccessible(true);
            return candidate.get(null);
        }
        throw new NoSuchFieldException("the file system of java.io.File");
    }

    /** Of the class or of one that it extends. */
    private static Field field(Class<?> type, String name) throws NoSuchFieldException {
        for (Class<?> owner = type; owner != null; owner = owner.getSuperclass()) {
            try {
                Field field = owner.getDeclaredField(name);
                field.setAccessible(true);
                return field;
            } catch (NoSuchFieldException error) {
                // Then one above has it.
            }
        }
        throw new NoSuchFieldException(name);
    }
}
