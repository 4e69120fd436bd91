package sluice.runtime;

/** What functions see of the platform: Java itself and the interfaces of fc-java-core, nothing of the runtime. */
final class ApiLoader extends ClassLoader {
    private static final String[] PACKAGES = {"com.aliyun.fc.runtime.", "javax.servlet."};

    static {
        registerAsParallelCapable();
    }

    ApiLoader() {
        super("fc-java-core", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        for (String prefix : PACKAGES) {
            if (name.startsWith(prefix)) return ApiLoader.class.getClassLoader().loadClass(name);
        }
        throw new ClassNotFoundException(name);
    }
}
