// Does what the event says; an HTTP request is answered with what it was. The SDK makes JSON of what is returned.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

var initialized = 0

func main() {
	fc.RegisterInitializerFunction(func(ctx context.Context) {
		initialized++
		fmt.Println("initializing")
	})
	fc.Start(handle)
}

func handle(ctx context.Context, event []byte) (any, error) {
	text := string(event)
	if strings.HasPrefix(text, "{") {
		return answerHTTP(event)
	}
	if echo, found := strings.CutPrefix(text, "echo:"); found {
		return echo, nil
	}
	known, _ := fccontext.FromContext(ctx)
	switch text {
	case "context":
		return map[string]any{
			"requestId":    known.RequestID,
			"functionName": known.Function.Name,
			"hasAccessKey": known.Credentials.AccessKeyId != "",
		}, nil
	case "env":
		return os.Getenv("GREETING"), nil
	case "print":
		fmt.Println("printed", known.RequestID)
		return "ok", nil
	case "fail":
		return nil, errors.New("no such order")
	case "exit":
		os.Exit(3)
	case "init":
		return fmt.Sprint(initialized), nil
	case "large":
		return strings.Repeat("x", 30<<20), nil
	}
	return event, nil
}

type httpRequest struct {
	RawPath         string
	Headers         map[string]string
	QueryParameters map[string]string
	Body            string
	RequestContext  struct{ HTTP struct{ Method string } }
}

func answerHTTP(event []byte) (any, error) {
	var request httpRequest
	if err := json.Unmarshal(event, &request); err != nil {
		return nil, err
	}
	text := strings.Join([]string{
		request.RequestContext.HTTP.Method, request.RawPath, request.QueryParameters["q"], request.Body}, " ")
	headers := map[string]string{"x-answer": request.Headers["X-Question"]}
	return map[string]any{"statusCode": 201, "headers": headers, "body": text}, nil
}
