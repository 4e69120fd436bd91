package sluice.runtime;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;

/** Loads the function's classes: from the code folder, the jars in it and in its `lib`, and those of layers. */
final class CodeLoader extends URLClassLoader {
    /** Below the folder of the layers. */
    private static final String LAYER_JARS = "/java/lib";
    private static final String JACKSON = "com/fasterxml/jackson/databind/ObjectMapper.class";
    private static final String JACKSON_ANNOTATIONS = "com.fasterxml.jackson.annotation.";

    static {
        registerAsParallelCapable();
    }

    private final String codePath;
    private final List<File> jars;
    private Boolean bringsJackson;

    private CodeLoader(String codePath, List<File> jars, URL[] urls) {
        super("function", urls, new ApiLoader());
        this.codePath = codePath;
        this.jars = jars;
    }

    static CodeLoader open(String codePath, String layersPath) throws MalformedURLException {
        List<File> jars = new ArrayList<>();
        for (String folder : new String[] {codePath, codePath + "/lib", layersPath + LAYER_JARS}) {
            File[] found = new File(folder).listFiles((file, name) -> name.endsWith(".jar"));
            if (found == null) continue;
            Arrays.sort(found);
            jars.addAll(Arrays.asList(found));
        }
        URL[] urls = new URL[jars.size() + 1];
        urls[0] = new File(codePath + "/").toURI().toURL();
        for (int i = 0; i < jars.size(); i++) urls[i + 1] = jars.get(i).toURI().toURL();
        return new CodeLoader(codePath, jars, urls);
    }

    /** Whether the function has a Jackson of its own, which then maps its types. */
    synchronized boolean bringsJackson() {
        if (bringsJackson == null) bringsJackson = findResource(JACKSON) != null;
        return bringsJackson;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        // Where ours maps, annotations must be those that it knows.
        if (name.startsWith(JACKSON_ANNOTATIONS) && !bringsJackson()) {
            return ObjectMapper.class.getClassLoader().loadClass(name);
        }
        return super.findClass(name);
    }

    @Override
    protected String findLibrary(String name) {
        for (String folder : new String[] {codePath, codePath + "/lib"}) {
            File library = new File(folder, System.mapLibraryName(name));
            if (library.exists()) return library.getPath();
        }
        return null;
    }

    /** The reason why a class may be missing: a jar that cannot be read, which class loaders pass over in silence. */
    String unreadableJar() {
        for (File jar : jars) {
            try {
                new JarFile(jar).close();
            } catch (IOException error) {
                return jar.getName() + " cannot be read: " + error.getMessage();
            }
        }
        return null;
    }
}
