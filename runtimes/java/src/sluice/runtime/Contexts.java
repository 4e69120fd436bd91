package sluice.runtime;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.Credentials;
import com.aliyun.fc.runtime.FunctionParam;
import com.aliyun.fc.runtime.Service;
import com.fasterxml.jackson.databind.JsonNode;

/** Makes the context of each invocation of an instance; `init` is the payload of INIT. */
final class Contexts {
    private final JsonNode init;
    private final FunctionParam functionParam;
    private final SharedCredentials credentials;

    Contexts(JsonNode init) {
        this.init = init;
        functionParam = new Param(init.path("function"));
        credentials = new SharedCredentials(init.path("credentials"));
    }

    Context create(JsonNode head) {
        return new FunctionContext(this, head, new RequestLogger(head.path("requestId").asText()));
    }

    void refreshCredentials(JsonNode values) {
        credentials.values = values;
    }

    Credentials credentials() {
        return credentials;
    }

    FunctionParam functionParam() {
        return functionParam;
    }

    /** `qualifier`: what the caller named; null for that of the instance. */
    Service service(String qualifier) {
        JsonNode values = init.path("service");
        return new ServiceOf(values, qualifier == null ? values.path("qualifier").asText() : qualifier);
    }

    /** Refreshed in place, so that clients which keep the object see new credentials too. */
    private static final class SharedCredentials implements Credentials {
        private volatile JsonNode values;

        SharedCredentials(JsonNode values) {
            this.values = values;
        }

        @Override
        public String getAccessKeyId() {
            return values.path("accessKeyId").asText();
        }

        @Override
        public String getAccessKeySecret() {
            return values.path("accessKeySecret").asText();
        }

        @Override
        public String getSecurityToken() {
            return values.path("securityToken").asText();
        }
    }

    private record Param(JsonNode values) implements FunctionParam {
        @Override
        public String getFunctionName() {
            return values.path("name").asText();
        }

        @Override
        public String getFunctionHandler() {
            return values.path("handler").asText();
        }

        @Override
        public String getFunctionInitializer() {
            return values.path("initializer").asText();
        }

        @Override
        public int getExecTimeLimitInMillis() {
            return values.path("timeout").asInt() * 1000;
        }

        @Override
        public int getMemoryLimitInMB() {
            return values.path("memory").asInt();
        }
    }

    private record ServiceOf(JsonNode values, String qualifier) implements Service {
        @Override
        public String getName() {
            return values.path("name").asText();
        }

        @Override
        public String getLogProject() {
            return values.path("logProject").asText();
        }

        @Override
        public String getLogStore() {
            return values.path("logStore").asText();
        }

        @Override
        public String getQualifier() {
            return qualifier;
        }

        @Override
        public String getVersionId() {
            return values.path("versionId").asText();
        }
    }
}
