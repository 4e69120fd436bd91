package example;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class Application {
    private static final Logger LOG = LoggerFactory.getLogger(Application.class);

    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    @GetMapping(value = "/", produces = "text/plain;charset=UTF-8")
    public String hello(
            @RequestParam(defaultValue = "world") String name,
            @RequestHeader(value = "x-fc-request-id", defaultValue = "-") String requestId) {
        LOG.info("request {}", requestId);
        return "Hello, " + name + "!\n";
    }
}
