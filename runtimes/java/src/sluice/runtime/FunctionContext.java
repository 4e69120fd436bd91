package sluice.runtime;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.Credentials;
import com.aliyun.fc.runtime.FunctionComputeLogger;
import com.aliyun.fc.runtime.FunctionParam;
import com.aliyun.fc.runtime.OpenTracing;
import com.aliyun.fc.runtime.Service;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** The `context` argument of handlers. */
record FunctionContext(Contexts shared, JsonNode head, FunctionComputeLogger logger) implements Context {
    @Override
    public String getRequestId() {
        return head.path("requestId").asText();
    }

    @Override
    public Credentials getExecutionCredentials() {
        return shared.credentials();
    }

    @Override
    public FunctionParam getFunctionParam() {
        return shared.functionParam();
    }

    @Override
    public Service getService() {
        return shared.service(head.path("qualifier").asText(null));
    }

    @Override
    public FunctionComputeLogger getLogger() {
        return logger;
    }

    @Override
    public OpenTracing getTracing() {
        return new Tracing(head.path("tracing"));
    }

    @Override
    public int getRetryCount() {
        return head.path("retryCount").asInt();
    }

    private record Tracing(JsonNode values) implements OpenTracing {
        @Override
        public String getSpanContext() {
            return values.path("openTracingSpanContext").asText();
        }

        @Override
        public Map<String, String> getSpanBaggages() {
            Map<String, String> baggages = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> entry : values.path("openTracingSpanBaggages").properties()) {
                baggages.put(entry.getKey(), entry.getValue().asText());
            }
            return baggages;
        }

        @Override
        public String getJaegerEndpoint() {
            return values.path("jaegerEndpoint").asText();
        }
    }
}
