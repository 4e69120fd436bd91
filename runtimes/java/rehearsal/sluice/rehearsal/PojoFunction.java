package sluice.rehearsal;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.PojoRequestHandler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Types of the usual kinds, in and out. */
public class PojoFunction implements PojoRequestHandler<PojoFunction.Order, PojoFunction.Answer> {
    public static class Order {
        public int number;
        public Boolean isPaid;
        private String name;
        private List<Order> parts;

        public String getName() {
            return name;
        }

        public void setName(String name) {
            this.name = name;
        }

        public List<Order> getParts() {
            return parts;
        }

        public void setParts(List<Order> parts) {
            this.parts = parts;
        }
    }

    public static class Answer {
        public final Order order;
        public final Map<String, Object> seen = new LinkedHashMap<>();

        Answer(Order order) {
            this.order = order;
        }
    }

    @Override
    public Answer handleRequest(Order order, Context context) {
        Answer answer = new Answer(order);
        answer.seen.put("text", "a");
        answer.seen.put("number", 1);
        answer.seen.put("list", List.of(true, 2L));
        return answer;
    }
}
